/** `base: campaign`: the campaign works on its own branch, which only the App moves. Where that branch should be, and where it is. */

import { CAMPAIGN_BASE } from '../protocol/contract.ts';
import type { CampaignBase, Point } from './marker.ts';
import type { Campaign, Experiment, Snapshot } from './model.ts';
import { experimentsOf } from './queries.ts';

/** A campaign's own branch. It is not an experiment's branch, so it is never cleaned up as one. */
export function campaignBranch(issue: number): string {
  return `research/${issue}/base`;
}

/** Whether campaigns in this repository work on their own branches. */
export function worksApart({ contract }: Pick<Snapshot, 'contract'>): boolean {
  return contract.kind === 'contract' && contract.contract.base === CAMPAIGN_BASE;
}

/** Whether `tip` is the merge of one of the campaign's experiments into the last tip, even if no list shows the merge yet. */
export function isNext(
  snapshot: Snapshot,
  campaign: Campaign,
  { tip: last }: CampaignBase,
  tip: Point & { parents: readonly string[] },
): boolean {
  return (
    tip.parents[0] === last.sha &&
    experimentsOf(snapshot, campaign).some(
      ({ marker }) => marker.champion.sha === last.sha && marker.tree === tip.tree,
    )
  );
}

/**
 * The experiments whose merges led from the start of the branch to `tip`, in order. `whole` is false if there are other commits in
 * between. Which merges come before those would take reading every commit, so all merged experiments are included then.
 */
export function mergedInto(
  experiments: readonly Experiment[],
  start: Point,
  tip: string,
): { merged: Experiment[]; whole: boolean } {
  const left = new Set(experiments.filter(({ state }) => state === 'merged'));
  const take = (found: (experiment: Experiment) => boolean) => {
    const next = [...left].find(found);
    if (next) left.delete(next);
    return next;
  };
  const back: Experiment[] = [];
  let at = tip;
  while (at !== start.sha) {
    const made = take(({ mergeCommit }) => mergeCommit === at);
    if (!made) break;
    back.unshift(made);
    at = made.marker.champion.sha;
  }
  if (at === start.sha) return { merged: back, whole: true };
  const forth: Experiment[] = [];
  for (let from: string | null = start.sha; from !== null; ) {
    const next = take(({ marker }) => marker.champion.sha === from);
    if (next) forth.push(next);
    from = next?.mergeCommit ?? null;
  }
  return { merged: [...forth, ...left, ...back], whole: false };
}

/** A commit of the campaign's own branch with its tree, if it is known. */
export function pointAt(
  experiments: readonly Experiment[],
  { tip, start }: CampaignBase,
  sha: string,
): Point | null {
  const made = experiments.find(({ mergeCommit }) => mergeCommit === sha);
  return [tip, start].find(point => point.sha === sha) ?? (made ? { sha, tree: made.marker.tree } : null);
}

/** The snapshot from a campaign's point of view: with its own branch as the base, even if it is another campaign's turn. */
export function seenBy(snapshot: Snapshot, campaign: Campaign): Snapshot {
  const own = campaign.state?.base;
  const branch = campaignBranch(campaign.issue);
  if (!own || snapshot.base.branch === branch) return snapshot;
  const tip = pointAt(experimentsOf(snapshot, campaign), own, snapshot.branches.get(branch) ?? '') ?? own.tip;
  return { ...snapshot, base: { branch, ...tip } };
}
