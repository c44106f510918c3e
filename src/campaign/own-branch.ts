/** `base: campaign`: the campaign works on a branch of its own, which the App alone moves. Where it should stand, and where it does. */

import { CAMPAIGN_BASE } from '../protocol/contract.ts';
import type { Action } from './action.ts';
import type { CampaignBase, Point } from './marker.ts';
import type { Campaign, Experiment, Snapshot } from './model.ts';
import { paused } from './phase.ts';
import { currentCampaign, experimentsOf } from './queries.ts';

/** Where two readings of GitHub contradict each other, it is asked again that soon. */
const UNCLEAR_SECONDS = 10;

/** The branch of a campaign that has one of its own. It is no experiment's, and so never among those that are cleaned away. */
export function campaignBranch(issue: number): string {
  return `research/${issue}/base`;
}

/** Whether campaigns work on branches of their own here. */
export function worksApart({ contract }: Pick<Snapshot, 'contract'>): boolean {
  return contract.kind === 'contract' && contract.contract.base === CAMPAIGN_BASE;
}

/** Makes the current campaign's branch, and sees to it that only the App's merges move it; null where all is well. */
export function tendBase(snapshot: Snapshot): Action | null {
  const campaign = currentCampaign(snapshot);
  if (!campaign || !worksApart(snapshot)) return null;
  const { base } = campaign.state;
  if (base === null) return { kind: 'createBase', campaign };
  const tip = snapshot.campaignTip;
  if (tip?.sha === base.tip.sha) return null;
  // Only where both readings say so it is gone.
  if (!tip && snapshot.branches.has(campaignBranch(campaign.issue)))
    return { kind: 'wait', seconds: UNCLEAR_SECONDS };
  if (tip && isNext(snapshot, campaign, base, tip)) return { kind: 'followBase', campaign, base, tip };
  const reason = tip ? movedReason(campaign, base, tip) : goneReason(campaign, base);
  return { kind: 'phase', campaign, ...paused(reason) };
}

function movedReason({ issue }: Campaign, { tip }: CampaignBase, found: Point): string {
  const [was, is] = [tip.sha.slice(0, 7), found.sha.slice(0, 7)];
  return `Someone moved \`${campaignBranch(issue)}\` from ${was}, where I left it, to ${is}. Put it back, or leave it, and comment \`/research resume\`: I go on from where it stands then, and measure what I do not know.`;
}

function goneReason({ issue }: Campaign, { tip }: CampaignBase): string {
  const branch = campaignBranch(issue);
  return `Someone deleted \`${branch}\`. Make it again at ${tip.sha}, for example by \`gh api repos/{owner}/{repo}/git/refs -f ref=refs/heads/${branch} -f sha=${tip.sha}\`, then comment \`/research resume\`. Or end the campaign with \`/research stop\`.`;
}

/** Whether the tip is what a merge of one of the campaign's experiments made of the last one; lists may not show the merge yet. */
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
 * The experiments whose merges led from where the branch began to `tip`, in their order. `whole` is false where a commit on the way is
 * none of theirs: nobody knows then without reading every commit which merges lie before it, and all of them are named.
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

/** A commit of the campaign's own branch, where it is known what it holds. */
export function pointAt(
  experiments: readonly Experiment[],
  { tip, start }: CampaignBase,
  sha: string,
): Point | null {
  const made = experiments.find(({ mergeCommit }) => mergeCommit === sha);
  return [tip, start].find(point => point.sha === sha) ?? (made ? { sha, tree: made.marker.tree } : null);
}

/** The snapshot as one campaign sees it: with its own branch for a base, also where it is another's turn, or nobody's. */
export function seenBy(snapshot: Snapshot, campaign: Campaign): Snapshot {
  const own = campaign.state?.base;
  const branch = campaignBranch(campaign.issue);
  if (!own || snapshot.base.branch === branch) return snapshot;
  const tip = pointAt(experimentsOf(snapshot, campaign), own, snapshot.branches.get(branch) ?? '') ?? own.tip;
  return { ...snapshot, base: { branch, ...tip } };
}
