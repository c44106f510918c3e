/** Final measurements: one commit at one budget, when a campaign ends. They are told to people, and nothing is judged by them. */
import type { Contract } from '../../protocol/contract.ts';
import type { CampaignState, Final, Point } from '../marker.ts';
import { type Campaign, type Experiment, measuredValues } from '../model.ts';
import { FIRST_FINAL, trialParts } from '../trial-id.ts';
import { areTooMany, faultsAmong } from './faults.ts';
import { lineOf } from './result.ts';

/** The final measurement that a trial belongs to; undefined for any other trial. */
export function finalOf({ state }: Campaign, trial: string): Final | undefined {
  const { experiment } = trialParts(trial);
  return state?.finals.find(({ number }) => number === experiment);
}

/** Whether it needs no more trials: it has its results, crashed, or failed with too many machine errors. */
export function isSettled({ trials, seeds }: Final): boolean {
  return (
    measuredValues(trials).length >= seeds ||
    trials.some(({ outcome }) => outcome.status === 'crash') ||
    areTooMany(faultsAmong(trials))
  );
}

/** The number of a campaign's next final measurement. */
export function nextFinal({ finals }: Pick<CampaignState, 'finals'>): number {
  return Math.max(FIRST_FINAL, 1 + Math.max(0, ...finals.map(({ number }) => number)));
}

/** Whether the contract asks for any. */
export function measuresAtEnd({ ladder, time_to_quality, ablation }: Contract): boolean {
  return ladder.length > 0 || time_to_quality > 0 || ablation > 0;
}

/** A campaign's first and last champion. */
export interface Span {
  first: Point;
  last: Point;
}

/** What a campaign led from and to: on its own branch, the whole branch; null if nothing was merged. */
export function spanOf({ state }: Campaign, experiments: readonly Experiment[]): Span | null {
  const base = state?.base;
  if (base) return base.tip.sha === base.start.sha ? null : { first: base.start, last: base.tip };
  return lineOf(experiments);
}
