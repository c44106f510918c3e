/** The pull request from a campaign's own branch to the default branch: when it is opened, and its evidence. */

import type { Contract } from '../../protocol/contract.ts';
import type { Action } from '../action.ts';
import { isHeldBack, ladderOf, type RungResult } from '../evidence/ladder.ts';
import { type Spending, spending } from '../evidence/ledger.ts';
import { type Levels, levelsOf, noiseOf } from '../evidence/result.ts';
import type { CampaignBase } from '../marker.ts';
import { type Campaign, type Experiment, isKnown, type Promotion, type Snapshot } from '../model.ts';
import { promotionKey, takenOverKey } from '../notice.ts';
import { campaignBranch, mergedInto, pointAt } from '../own-branch.ts';
import { experimentsOf, hasEnded } from '../queries.ts';

/** The evidence in a promotion, from the start of the campaign to the tip of its branch. */
export interface Evidence extends Levels {
  /** Standard deviation of one trial, as of the last merge. */
  noise: number | null;
  merged: Experiment[];
  /** How many experiments were not merged, and how many of those crashed. */
  failed: number;
  crashed: number;
  spending: Spending;
  /** Whether the gain holds at other budgets. */
  ladder: RungResult[];
  /** Whether the branch contains commits that are not from experiments. */
  byHand: boolean;
}

/** A campaign's promotion pull requests, oldest first. */
export function promotionsOf(snapshot: Snapshot, { issue }: Campaign): Promotion[] {
  return snapshot.promotions.filter(({ campaign }) => campaign === issue).sort((a, b) => a.pull - b.pull);
}

/** Opens the promotion of a campaign that has ended, deletes an empty branch, and reports what people did with a promotion. */
export function promote(snapshot: Snapshot): Action | null {
  for (const campaign of snapshot.campaigns) {
    const own = promotionsOf(snapshot, campaign);
    const outcome = reportOutcome(snapshot, campaign, own);
    if (outcome) return outcome;
    if (!isKnown(campaign)) continue;
    const { state } = campaign;
    const { base } = state;
    if (!base || !hasEnded(state) || own.some(each => each.state === 'open')) continue;
    const { start, tip: last } = base;
    const tip = snapshot.branches.get(campaignBranch(campaign.issue));
    // It may already be deleted, while the marker still lists it.
    if ((tip ?? last.sha) === start.sha) return { kind: 'deleteBase', campaign, base };
    if (tip === undefined || snapshot.contract.kind !== 'contract') continue;
    const experiments = experimentsOf(snapshot, campaign);
    const offered = new Set(own.flatMap(({ marker }) => marker?.experiments ?? []));
    const isNew = !own.some(({ headSha }) => headSha === tip);
    const { contract } = snapshot.contract;
    if (isHeldBack(contract, ladderOf(snapshot, contract, campaign))) continue;
    // Commits that people push after the end of a campaign are theirs to promote.
    if (state.notices.includes(takenOverKey(tip))) continue;
    if (isNew && mergedInto(experiments, start, tip).merged.some(({ pull }) => !offered.has(pull)))
      return { kind: 'promote', campaign, base, contract };
  }
  return null;
}

function reportOutcome(snapshot: Snapshot, campaign: Campaign, own: readonly Promotion[]): Action | null {
  const notices = campaign.state?.notices ?? campaign.notices;
  for (const promotion of own) {
    const { pull, state } = promotion;
    const key = promotionKey(promotion);
    if (state === 'open' || notices.includes(key)) continue;
    const text =
      state === 'merged'
        ? `#${pull} was merged: the improvements of this campaign are on \`${snapshot.home.branch}\` now.`
        : `#${pull} was closed, so \`${snapshot.home.branch}\` is unchanged. To merge it after all, reopen it. \`/research N\` continues from \`${campaignBranch(campaign.issue)}\` while that exists, otherwise from \`${snapshot.home.branch}\`.`;
    return { kind: 'notify', campaign, key, text, pause: false };
  }
  return null;
}

/** The evidence for merging a campaign's own branch with this tip. */
export function evidenceOf(
  snapshot: Snapshot,
  contract: Contract,
  campaign: Campaign,
  base: CampaignBase,
  tip: string,
): Evidence {
  const { start, touched } = base;
  const experiments = experimentsOf(snapshot, campaign);
  const { merged, whole } = mergedInto(experiments, start, tip);
  const last = pointAt(experiments, base, tip);
  const failed = experiments.filter(({ state }) => state === 'closed');
  return {
    ...levelsOf(snapshot, campaign, start, last),
    noise: noiseOf(merged),
    merged,
    failed: failed.length,
    crashed: failed.filter(({ marker }) => marker.verdict?.kind === 'crash').length,
    spending: spending(campaign, experiments),
    ladder: ladderOf(snapshot, contract, campaign),
    byHand: touched || !whole || last === null,
  };
}
