/** How an experiment ended, as people are told: its verdict, with different reasons for a merge or a close told apart. */
import { isBetter } from '../../gate/better.ts';
import type { Contract } from '../../protocol/contract.ts';
import { brokeGuard } from '../guard-finding.ts';
import type { ExperimentMarker, RecordedTrial, Verdict } from '../marker.ts';
import { measuredValues } from '../model.ts';
import { stoppedTrial } from './stopping.ts';

export type Ending =
  | 'improvement'
  /** Merged for shorter code. */
  | 'simplification'
  /** Merged because a person said so. */
  | 'kept'
  /** Broke a guard of the contract, whatever it scored. */
  | 'guard'
  /** Scored better than the champion, but that was not proven. */
  | 'near miss'
  /** Scored no better, by less than can be measured. */
  | 'too close'
  | 'worse'
  | 'stopped early'
  | 'crash'
  | 'flagged'
  | 'unmeasured'
  | 'superseded'
  | 'not judged'
  /** Closed or merged by a person before there was a verdict. */
  | 'by a person';

type Goal = Contract['metric']['goal'];

export function endingOf(verdict: Verdict, trials: readonly RecordedTrial[], goal: Goal): Ending {
  switch (verdict.kind) {
    case 'merge':
      return MERGES[verdict.cause ?? 'better'];
    case 'close':
      return closedAs(verdict, trials, goal);
    case 'unmeasurable':
      return 'unmeasured';
    case 'stopped':
      return 'not judged';
    case 'person':
      return 'by a person';
    default:
      return verdict.kind;
  }
}

const MERGES = { better: 'improvement', simpler: 'simplification', kept: 'kept' } as const;

function closedAs(verdict: Verdict, trials: readonly RecordedTrial[], goal: Goal): Ending {
  if (stoppedTrial(trials)) return 'stopped early';
  if (brokeGuard(verdict)) return 'guard';
  const { value, championValue } = verdict;
  if (value === null || championValue === null) return 'worse';
  if (isBetter(value, championValue, goal)) return 'near miss';
  return Math.abs(value - championValue) <= (errorsOf(verdict, trials).difference ?? 0)
    ? 'too close'
    : 'worse';
}

/** Whether an experiment is a near miss. */
export function isNearMiss({ verdict, trials }: ExperimentMarker, goal: Goal): boolean {
  return verdict !== null && endingOf(verdict, trials, goal) === 'near miss';
}

/** How many trials a verdict's two means are over; null where that is not known. */
export function countsOf(
  { compared, championTrials }: Verdict,
  trials: readonly RecordedTrial[],
): { candidate: number; champion: number | null } {
  return {
    candidate: compared?.candidate.length ?? measuredValues(trials).length,
    champion: compared?.champion.length ?? championTrials ?? null,
  };
}

/** Standard errors of a verdict's two means and of their difference; null where they are not known. */
export function errorsOf(
  verdict: Verdict,
  trials: readonly RecordedTrial[],
): { candidate: number | null; champion: number | null; difference: number | null } {
  const { candidate, champion } = countsOf(verdict, trials);
  const error = (share: number | null) =>
    verdict.noise === null || share === null || !Number.isFinite(share)
      ? null
      : verdict.noise * Math.sqrt(share);
  return {
    candidate: error(1 / candidate),
    champion: error(champion === null ? null : 1 / champion),
    difference: error(champion === null ? null : 1 / candidate + 1 / champion),
  };
}
