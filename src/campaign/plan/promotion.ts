/** The one pull request from a campaign's own branch into the default branch: when it is due, and what it shows. */

import { mean } from '../../gate/mean.ts';
import type { Action } from '../action.ts';
import { budgetOf, comparable, trialsOfTree } from '../evidence/evidence.ts';
import { type Spending, spending } from '../evidence/ledger.ts';
import type { CampaignBase, Point } from '../marker.ts';
import {
  type Campaign,
  type Experiment,
  isKnown,
  measuredValues,
  type Promotion,
  type Snapshot,
} from '../model.ts';
import { promotionKey, takenOverKey } from '../notice.ts';
import { campaignBranch, mergedInto, pointAt } from '../own-branch.ts';
import { experimentsOf, hasEnded } from '../queries.ts';

/** A tree and what its trials came to, under equal conditions. */
interface Level {
  sha: string;
  value: number;
  trials: number;
}

/** What a promotion pull request shows. */
export interface Evidence {
  /** Null where it was not measured under the conditions of the last one. */
  first: Level | null;
  /** Null where the tip was not measured. */
  last: Level | null;
  /** Standard deviation of one trial, as known at the last merge. */
  noise: number | null;
  merged: Experiment[];
  /** Experiments that were not merged, and how many of them crashed. */
  failed: number;
  crashed: number;
  spending: Spending;
  /** The branch holds commits that no experiment made. */
  byHand: boolean;
}

/** A campaign's promotion pull requests, oldest first. */
export function promotionsOf(snapshot: Snapshot, { issue }: Campaign): Promotion[] {
  return snapshot.promotions.filter(({ campaign }) => campaign === issue).sort((a, b) => a.pull - b.pull);
}

/** Opens what a campaign that ended has to show, gives up an empty branch, and says what a person did with a promotion. */
export function promote(snapshot: Snapshot): Action | null {
  for (const campaign of snapshot.campaigns) {
    const own = promotionsOf(snapshot, campaign);
    const told = sayWhatBecame(snapshot, campaign, own);
    if (told) return told;
    if (!isKnown(campaign)) continue;
    const { state } = campaign;
    const { base } = state;
    if (!base || !hasEnded(state) || own.some(each => each.state === 'open')) continue;
    const { start, tip: last } = base;
    const tip = snapshot.branches.get(campaignBranch(campaign.issue));
    // It may be deleted already, and the issue not say so yet.
    if ((tip ?? last.sha) === start.sha) return { kind: 'deleteBase', campaign, base };
    if (tip === undefined || snapshot.contract.kind !== 'contract') continue;
    const experiments = experimentsOf(snapshot, campaign);
    const offered = new Set(own.flatMap(({ marker }) => marker?.experiments ?? []));
    const isNew = !own.some(({ headSha }) => headSha === tip);
    // What people push to the branch of a campaign that has ended is theirs to offer.
    if (state.notices.includes(takenOverKey(tip))) continue;
    if (isNew && mergedInto(experiments, start, tip).merged.some(({ pull }) => !offered.has(pull)))
      return { kind: 'promote', campaign, base, contract: snapshot.contract.contract };
  }
  return null;
}

function sayWhatBecame(snapshot: Snapshot, campaign: Campaign, own: readonly Promotion[]): Action | null {
  const notices = campaign.state?.notices ?? campaign.notices;
  for (const promotion of own) {
    const { pull, state } = promotion;
    const key = promotionKey(promotion);
    if (state === 'open' || notices.includes(key)) continue;
    const text =
      state === 'merged'
        ? `A person merged #${pull}: what this campaign found is on \`${snapshot.home.branch}\` now.`
        : `A person closed #${pull}, so \`${snapshot.home.branch}\` stays as it is. Reopen it to take it after all. \`/research N\` goes on from what was found while \`${campaignBranch(campaign.issue)}\` exists, and from \`${snapshot.home.branch}\` otherwise.`;
    return { kind: 'notify', campaign, key, text, pause: false };
  }
  return null;
}

/** What a campaign with a branch of its own has to show, as the branch stands at `tip`. */
export function evidenceOf(
  snapshot: Snapshot,
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
    ...levels(snapshot, campaign, start, last),
    noise: merged.findLast(({ marker }) => marker.verdict?.noise != null)?.marker.verdict?.noise ?? null,
    merged,
    failed: failed.length,
    crashed: failed.filter(({ marker }) => marker.verdict?.kind === 'crash').length,
    spending: spending(campaign, experiments),
    byHand: touched || !whole || last === null,
  };
}

/** Only trials under equal conditions are compared: those of the last one that measured the tip, or without one the start. */
function levels(
  snapshot: Snapshot,
  campaign: Campaign,
  start: Point,
  tip: Point | null,
): Pick<Evidence, 'first' | 'last'> {
  const { contract } = snapshot;
  const budget = contract.kind === 'contract' ? budgetOf(contract.contract, campaign) : null;
  const measured = ({ tree }: Point) =>
    trialsOfTree(snapshot, tree).filter(
      ({ outcome, budgetSeconds }) =>
        outcome.status === 'measured' && (budget === null || budgetSeconds === budget),
    );
  const like = (tip && measured(tip).at(-1)) ?? measured(start).at(-1);
  const level = (point: Point | null): Level | null => {
    if (!like || !point) return null;
    const values = measuredValues(
      trialsOfTree(snapshot, point.tree).filter(trial => comparable(trial, like)),
    );
    return values.length > 0 ? { sha: point.sha, value: mean(values), trials: values.length } : null;
  };
  return { first: level(start), last: level(tip) };
}
