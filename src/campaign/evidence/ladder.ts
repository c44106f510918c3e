/** Whether a campaign's gain holds at the budgets of the contract's ladder. */
import { mean } from '../../gate/mean.ts';
import type { Contract } from '../../protocol/contract.ts';
import type { Final, Point } from '../marker.ts';
import { type Campaign, measuredValues, type Snapshot } from '../model.ts';
import { experimentsOf } from '../queries.ts';
import { budgetOf, comparable } from './evidence.ts';
import { isSettled, spanOf } from './finals.ts';
import { levelsOf } from './result.ts';

/** What is known of the gain at one budget. */
export interface RungResult {
  budgetSeconds: number;
  found:
    | {
        kind: 'measured';
        first: number;
        last: number;
        /** Trials of each. */
        trials: number;
        /** Whether no more of them are to come. */
        isComplete: boolean;
        /** Standard error of the difference; null with one trial each. */
        error: number | null;
        /** Of the gain at the campaign's own budget; null if there is none, or if that is unknown. */
        share: number | null;
      }
    | { kind: 'crashed'; which: 'first' | 'last'; reason: string; message: string }
    | { kind: 'incomparable' }
    /** With the last machine error, if there was one. */
    | { kind: 'unmeasured'; done: number; of: number; fault: string | null };
}

/** One result for each budget of the ladder, in its order; empty if nothing was merged. */
export function ladderOf(snapshot: Snapshot, contract: Contract, campaign: Campaign): RungResult[] {
  const span = spanOf(campaign, experimentsOf(snapshot, campaign));
  if (span === null) return [];
  const own = budgetOf(contract, campaign);
  const { first, last } = levelsOf(snapshot, campaign, span.first, span.last);
  const gain = first && last ? gainFrom(contract, first.value, last.value) : null;
  return contract.ladder
    .filter(({ budget }) => budget !== own)
    .map(({ budget }) => {
      const at = ({ sha }: Point) =>
        campaign.state?.finals.find(final => final.of.sha === sha && final.budgetSeconds === budget);
      return { budgetSeconds: budget, found: compare(contract, at(span.first), at(span.last), gain) };
    });
}

function compare(
  contract: Contract,
  first: Final | undefined,
  last: Final | undefined,
  gain: number | null,
): RungResult['found'] {
  for (const [which, final] of [
    ['last', last],
    ['first', first],
  ] as const) {
    const crash = final?.trials.find(({ outcome }) => outcome.status === 'crash')?.outcome;
    if (crash?.status === 'crash')
      return { kind: 'crashed', which, reason: crash.reason, message: crash.message };
  }
  const like = last?.trials.findLast(({ outcome }) => outcome.status === 'measured');
  if (!first || !last || !like || measuredValues(first.trials).length === 0) return unmeasured([first, last]);
  const of = ({ trials }: Final) => measuredValues(trials.filter(trial => comparable(trial, like)));
  const [before, after] = [of(first), of(last)];
  if (before.length === 0) return { kind: 'incomparable' };
  const found = gainFrom(contract, mean(before), mean(after));
  return {
    kind: 'measured',
    first: mean(before),
    last: mean(after),
    trials: Math.min(before.length, after.length),
    isComplete: isSettled(first) && isSettled(last),
    error: standardError(before, after),
    share: gain === null || gain <= 0 ? null : found / gain,
  };
}

/** Whether the gain does not hold as the contract asks for: at the last budget of the ladder, which is the most like real use. */
export function isHeldBack(contract: Contract, ladder: readonly RungResult[]): boolean {
  const least = contract.promote.at_least;
  const found = ladder.at(-1)?.found;
  if (least === null || !found) return false;
  if (found.kind === 'crashed') return found.which === 'last';
  // What was not measured, or only in part, is for people to judge.
  return found.kind === 'measured' && found.isComplete && found.share !== null && found.share < least;
}

function unmeasured(finals: readonly (Final | undefined)[]): RungResult['found'] {
  const known = finals.flatMap(final => final ?? []);
  const fault = known.flatMap(({ trials }) => trials).findLast(({ outcome }) => outcome.status === 'fault');
  return {
    kind: 'unmeasured',
    done: known.reduce((sum, { trials }) => sum + measuredValues(trials).length, 0),
    of: known.reduce((sum, { seeds }) => sum + seeds, 0),
    fault: fault?.outcome.status === 'fault' ? fault.outcome.message : null,
  };
}

function gainFrom({ metric }: Contract, first: number, last: number): number {
  return metric.goal === 'minimize' ? first - last : last - first;
}

/** Of the difference of two means, from how trials vary around their own mean. */
function standardError(a: readonly number[], b: readonly number[]): number | null {
  const squares = [a, b].flatMap(values => values.map(value => (value - mean(values)) ** 2));
  const free = squares.length - 2;
  if (free < 1) return null;
  const variance = squares.reduce((sum, square) => sum + square, 0) / free;
  return Math.sqrt(variance * (1 / a.length + 1 / b.length));
}
