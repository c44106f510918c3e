/** A campaign's own branch: created, followed after merges, continued after changes by people, and deleted. */

import type { ActionOf } from '../../campaign/action.ts';
import type { CampaignBase, CampaignState, Point } from '../../campaign/marker.ts';
import type { Campaign, KnownCampaign, Snapshot } from '../../campaign/model.ts';
import { campaignBranch, isNext } from '../../campaign/own-branch.ts';
import { promotionsOf } from '../../campaign/plan/promotion.ts';
import { experimentsOf, hasEnded } from '../../campaign/queries.ts';
import type { Context } from '../context.ts';
import type { GitHubPort } from '../port.ts';
import { saveState } from '../state.ts';

/** Creates the branch at the tip of the default branch. If it exists already, an earlier process created it, and it is used as it is. */
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
  const start = tip.sha === home.sha ? home : startOf(snapshot, campaign, tip);
  log.info(
    { issue: campaign.issue, branch, tip: tip.sha },
    there ? 'campaign branch exists' : 'campaign branch created',
  );
  // Without a merge it is unknown how the branch got from there to its tip.
  const base: CampaignBase = { start: start ?? home, tip, touched: start === null };
  await saveState(port, snapshot, campaign, { ...campaign.state, base });
}

/** Where the merges that led to `tip` started, for a campaign whose state was lost; null without a merge. */
function startOf(snapshot: Snapshot, campaign: Campaign, tip: Point): Point | null {
  const merged = experimentsOf(snapshot, campaign).filter(({ state }) => state === 'merged');
  let start: Point | null = null;
  for (let sha = tip.sha; ; sha = start.sha) {
    const made = merged.find(({ mergeCommit }) => mergeCommit === sha);
    if (!made) return start;
    start = made.marker.champion;
  }
}

/** Stores the tip after a merge by the App. */
export async function followBase(
  { port }: Context,
  snapshot: Snapshot,
  { campaign, base, tip: { sha, tree } }: ActionOf<'followBase'>,
): Promise<void> {
  await saveState(port, snapshot, campaign, { ...campaign.state, base: { ...base, tip: { sha, tree } } });
}

/** Deletes the branch of a campaign that merged nothing, and adds this to the campaign's reason. */
export async function deleteBase(
  { port }: Context,
  snapshot: Snapshot,
  { campaign, base }: ActionOf<'deleteBase'>,
): Promise<void> {
  const { state } = campaign;
  const branch = campaignBranch(campaign.issue);
  const tip = await port.commit(branch);
  // Lists lag: never delete a branch that has moved since, or that cannot be read.
  if (tip ? tip.sha !== base.start.sha : snapshot.branches.has(branch)) return;
  if (tip) await port.deleteBranch(branch);
  const reason = `${state.reason} Deleted \`${branch}\`: nothing was merged into it, so there is nothing to promote.`;
  await saveState(port, snapshot, campaign, { ...state, base: null, reason: reason.trim() });
}

/**
 * The base from which `/research resume` or `/research N` continues: the branch as it is now. Null if the campaign had ended and its
 * branch is gone or was merged as it is: then a new branch is created from the default branch.
 */
export async function baseToContinueFrom(
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
