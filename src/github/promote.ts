/** The promotion pull request: opened once, and brought up to date while it is open. The App never merges it. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { campaignBranch } from '../campaign/campaign-base.ts';
import type { Campaign, Promotion, Snapshot } from '../campaign/model.ts';
import { evidenceOf } from '../campaign/promotion.ts';
import { promotionText, promotionTitle } from '../render/promotion.ts';
import type { Context } from './context.ts';
import { readMarker, writeMarker } from './marker.ts';

/** What the App wrote at last: so that a person's words stay until there is news, and GitHub is asked once whether the two fit. */
const markerSchema = z.strictObject({
  campaign: z.int(),
  /** Digest of the visible part. */
  text: z.string(),
  /** The branch's tip and the default branch's. */
  tip: z.string(),
  home: z.string(),
  fits: z.boolean().nullable(),
});

/** Opens the pull request from a campaign's own branch into the default branch. */
export async function promote(context: Context, snapshot: Snapshot, campaign: Campaign): Promise<void> {
  const { port } = context;
  const branch = campaignBranch(campaign.issue);
  const tip = await port.commit(branch);
  // Lists lag: what they show is older than this, or there is one already.
  if (tip?.sha !== snapshot.branches.get(branch) || (await port.openPullOf(branch)) !== null) return;
  const texts = textsOf(context, snapshot, campaign, tip?.sha ?? '', null);
  if (!texts) return;
  const pull = await port.createPull({ ...texts, branch, base: snapshot.home.branch });
  context.log.info({ issue: campaign.issue, pull }, 'promotion opened');
}

/** Brings what open promotions say up to date. */
export async function refreshPromotions(context: Context, snapshot: Snapshot): Promise<void> {
  for (const promotion of snapshot.promotions) {
    const campaign = snapshot.campaigns.find(({ issue }) => issue === promotion.campaign);
    if (promotion.state === 'open' && campaign?.state?.base && snapshot.contract.kind === 'contract')
      await refresh(context, snapshot, campaign, promotion);
  }
}

async function refresh(
  context: Context,
  snapshot: Snapshot,
  campaign: Campaign,
  { pull, headSha, title, body }: Promotion,
): Promise<void> {
  const { port } = context;
  const said = readMarker('promotion', body, markerSchema);
  // Where the default branch is what the campaign began from, nothing can be in conflict.
  const moved = campaign.state?.base?.start.sha !== snapshot.home.sha;
  const known = said?.tip === headSha && said.home === snapshot.home.sha ? said.fits : null;
  const fits = moved ? (known ?? (await port.mergeable(pull))) : null;
  // GitHub has not found out yet.
  if (moved && fits === null) return;
  const now = textsOf(context, snapshot, campaign, headSha, fits);
  if (!now) return;
  const isNew = said?.text !== readMarker('promotion', now.body, markerSchema)?.text;
  if (isNew || title !== now.title) await port.updatePull(pull, isNew ? now : { title: now.title });
}

/** Title and description; null where there is nothing to show any more. */
function textsOf(
  { port, serverUrl }: Context,
  snapshot: Snapshot,
  campaign: Campaign,
  tip: string,
  fits: boolean | null,
): { title: string; body: string } | null {
  const { contract } = snapshot;
  if (!campaign.state?.base || contract.kind !== 'contract') return null;
  const { metric, limits } = contract.contract;
  const { owner, name } = port.repository;
  const evidence = evidenceOf(snapshot, campaign, campaign.state.base, tip);
  const text = promotionText(evidence, {
    campaign: campaign.issue,
    state: campaign.state,
    metric,
    usd: limits.usd,
    home: snapshot.home,
    fits,
    chart: `${serverUrl}/${owner}/${name}/raw/research-log/progress.svg`,
  });
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 16);
  return {
    title: promotionTitle(evidence, campaign.issue, metric.name),
    body: `${text}\n\n${writeMarker('promotion', { campaign: campaign.issue, text: digest, tip, home: snapshot.home.sha, fits })}`,
  };
}
