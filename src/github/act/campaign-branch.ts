/** The branch of a campaign's own: made, followed, taken over from a person's hands, and given up. */

import type { ActionOf } from '../../campaign/action.ts';
import type { CampaignBase, CampaignState, Point } from '../../campaign/marker.ts';
import type { Campaign, KnownCampaign, Snapshot } from '../../campaign/model.ts';
import { campaignBranch, isNext } from '../../campaign/own-branch.ts';
import { promotionsOf } from '../../campaign/plan/promotion.ts';
import { experimentsOf, hasEnded } from '../../campaign/queries.ts';
import type { Context } from '../context.ts';
import type { GitHubPort } from '../port.ts';
import { saveState } from '../state.ts';

/** Makes the branch from the default branch's tip. One that is there already was made by a life before, and is gone on with. */
export async function createBase(
  { port, log }: Context,
  snapshot: Snapshot,
  campaign: KnownCampaign,
): Promise<void> {
  const branch = campaignBranch(campaign.issue);
  const home: Point = { sha: snapshot.home.sha, tree: snapshot.home.tree };
  const there = await port.commit(branch);
  if (!there) await port.createBranch(branch, home.sha);
  const tip: Point = there ? { sha: there.sha, tree: there.tree } : home;
  const start = tip.sha === home.sha ? home : beginning(snapshot, campaign, tip);
  log.info({ issue: campaign.issue, branch, tip: tip.sha }, there ? 'found its branch' : 'made its branch');
  // Without a merge nobody knows what lies between the two.
  const base: CampaignBase = { start: start ?? home, tip, touched: start === null };
  await saveState(port, snapshot, campaign, { ...campaign.state, base });
}

/** What a branch was made from whose campaign's state was lost: where the merges that led to its tip began; null without one. */
function beginning(snapshot: Snapshot, campaign: Campaign, tip: Point): Point | null {
  const merged = experimentsOf(snapshot, campaign).filter(({ state }) => state === 'merged');
  let start: Point | null = null;
  for (let sha = tip.sha; ; sha = start.sha) {
    const made = merged.find(({ mergeCommit }) => mergeCommit === sha);
    if (!made) return start;
    start = made.marker.champion;
  }
}

/** Notes that a merge of the App's moved the branch. */
export async function followBase(
  { port }: Context,
  snapshot: Snapshot,
  { campaign, base, tip: { sha, tree } }: ActionOf<'followBase'>,
): Promise<void> {
  await saveState(port, snapshot, campaign, { ...campaign.state, base: { ...base, tip: { sha, tree } } });
}

/** Deletes the branch of a campaign that merged nothing, and says so. */
export async function deleteBase(
  { port }: Context,
  snapshot: Snapshot,
  { campaign, base }: ActionOf<'deleteBase'>,
): Promise<void> {
  const { state } = campaign;
  const branch = campaignBranch(campaign.issue);
  const tip = await port.commit(branch);
  // Lists lag: what stands on it by now is not thrown away, nor what cannot be read.
  if (tip ? tip.sha !== base.start.sha : snapshot.branches.has(branch)) return;
  if (tip) await port.deleteBranch(branch);
  const reason = `${state.reason} \`${branch}\` holds nothing that \`${snapshot.home.branch}\` does not, so there is nothing to promote, and it is deleted.`;
  await saveState(port, snapshot, campaign, { ...state, base: null, reason: reason.trim() });
}

/**
 * What a person's `resume` or `/research N` goes on from. While the campaign lives, that is the branch as it stands now. After its end a
 * branch that is gone, or that was merged as it stands, is made anew from the default branch: null.
 */
export async function baseToGoOnFrom(
  port: GitHubPort,
  snapshot: Snapshot,
  campaign: KnownCampaign,
): Promise<CampaignState['base']> {
  const { state } = campaign;
  const { base } = state;
  if (!base) return null;
  const branch = campaignBranch(campaign.issue);
  const tip = await port.commit(branch);
  if (!tip) return hasEnded(state) ? null : base;
  const promoted = promotionsOf(snapshot, campaign).some(
    each => each.state === 'merged' && each.headSha === tip.sha,
  );
  if (promoted && hasEnded(state)) {
    await port.deleteBranch(branch);
    return null;
  }
  if (tip.sha === base.tip.sha || isNext(snapshot, campaign, base, tip)) return base;
  return { ...base, tip: { sha: tip.sha, tree: tip.tree }, touched: true };
}
