/** The promotion pull request: opened once, and kept up to date while it is open. The App never merges it. */
import { createHash } from 'node:crypto';
import type { Work } from '../../campaign/action.ts';
import type { CampaignBase, PromotionMarker } from '../../campaign/marker.ts';
import { isKnown, type KnownCampaign, type Promotion, type Snapshot } from '../../campaign/model.ts';
import { takenOverKey } from '../../campaign/notice.ts';
import { campaignBranch } from '../../campaign/own-branch.ts';
import { evidenceOf } from '../../campaign/plan/promotion.ts';
import { promotionText, promotionTitle } from '../../render/promotion.ts';
import type { Context } from '../context.ts';
import { messageOf } from '../errors.ts';
import { writeMarker } from '../marker.ts';
import type { GitHubPort } from '../port.ts';
import { type Refusals, unlessRefused } from '../refusals.ts';
import { commentOnce } from '../replies.ts';
import { saveState } from '../state.ts';

/** A campaign and its own branch, which is offered to the default branch. */
type Offer = Work & { base: CampaignBase };

/** Opens the pull request from a campaign's own branch into the default branch. */
export async function promote(context: Context, snapshot: Snapshot, offer: Offer): Promise<void> {
  const { port } = context;
  const { campaign } = offer;
  const branch = campaignBranch(campaign.issue);
  const tip = await port.commit(branch);
  // Lists lag: the branch has moved since, or its pull request is open already.
  if (!tip || tip.sha !== snapshot.branches.get(branch) || (await port.openPullOf(branch)) !== null) return;
  const { title, body } = textsOf(context, snapshot, offer, tip.sha, null);
  try {
    const pull = await port.createPull({ title, body, branch, base: snapshot.home.branch });
    context.log.info({ issue: campaign.issue, pull }, 'promotion opened');
  } catch (error) {
    if (!/no commits between/i.test(messageOf(error))) throw error;
    await commentTakenOver(port, snapshot, campaign, tip.sha);
  }
}

/** Somebody moved the default branch there by hand, so there is nothing left to offer. */
async function commentTakenOver(
  port: GitHubPort,
  snapshot: Snapshot,
  campaign: KnownCampaign,
  tip: string,
): Promise<void> {
  const { issue, state } = campaign;
  const key = takenOverKey(tip);
  const text = `\`${snapshot.home.branch}\` already contains this campaign's improvements, so no pull request is needed from \`${campaignBranch(issue)}\`.`;
  await commentOnce(port, issue, key, text);
  await saveState(port, snapshot, campaign, { ...state, notices: [...state.notices, key] });
}

/** Updates the title and description of open promotions. */
export async function refreshPromotions(
  context: Context,
  snapshot: Snapshot,
  refusals: Refusals,
): Promise<void> {
  for (const promotion of snapshot.promotions) {
    const campaign = snapshot.campaigns.find(({ issue }) => issue === promotion.campaign);
    if (promotion.state !== 'open' || snapshot.contract.kind !== 'contract') continue;
    if (!campaign || !isKnown(campaign) || !campaign.state.base) continue;
    const offer: Offer = { campaign, base: campaign.state.base, contract: snapshot.contract.contract };
    await unlessRefused(context, refusals, `update #${promotion.pull}`, () =>
      refresh(context, snapshot, offer, promotion),
    );
  }
}

async function refresh(
  context: Context,
  snapshot: Snapshot,
  offer: Offer,
  { pull, headSha, marker: written }: Promotion,
): Promise<void> {
  const { port } = context;
  // There cannot be a conflict while the default branch is where the campaign started.
  const moved = offer.base.start.sha !== snapshot.home.sha;
  const known = written?.tip === headSha && written.home === snapshot.home.sha ? written.fits : null;
  const fits = moved ? (known ?? (await port.mergeable(pull))) : null;
  // GitHub has not checked yet.
  if (moved && fits === null) return;
  const now = textsOf(context, snapshot, offer, headSha, fits);
  if (written?.text !== now.digest) await port.updatePull(pull, { title: now.title, body: now.body });
}

/** Title and description, and a digest of the visible part. */
function textsOf(
  { port, serverUrl }: Context,
  snapshot: Snapshot,
  { campaign, base, contract }: Offer,
  tip: string,
  fits: boolean | null,
): { title: string; body: string; digest: string } {
  const { owner, name } = port.repository;
  const { metric } = contract;
  const evidence = evidenceOf(snapshot, contract, campaign, base, tip);
  const text = promotionText(evidence, {
    campaign: campaign.issue,
    state: campaign.state,
    contract,
    home: snapshot.home,
    fits,
    chart: `${serverUrl}/${owner}/${name}/raw/research-log/progress.svg`,
  });
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 16);
  const marker: PromotionMarker = {
    version: 1,
    campaign: campaign.issue,
    text: digest,
    tip,
    home: snapshot.home.sha,
    fits,
    experiments: evidence.merged.map(({ pull }) => pull),
  };
  return {
    title: promotionTitle(evidence, campaign.issue, metric.name),
    body: `${text}\n\n${writeMarker('promotion', marker)}`,
    digest,
  };
}
