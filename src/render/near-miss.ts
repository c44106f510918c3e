/** Near misses: ideas that scored better than the champion and were closed, because the difference may be chance. */
import { stoppedTrial } from '../campaign/evidence/stopping.ts';
import { brokeGuard } from '../campaign/guard-finding.ts';
import type { ExperimentMarker, RecordedTrial, Verdict } from '../campaign/marker.ts';
import type { Contract } from '../protocol/contract.ts';
import { isBetter } from './number.ts';

type Goal = Contract['metric']['goal'];

/** Whether this verdict closes an idea that was measured and scored better. */
export function isNearMissVerdict(verdict: Verdict, trials: readonly RecordedTrial[], goal: Goal): boolean {
  const { kind, value, championValue } = verdict;
  if (kind !== 'close' || brokeGuard(verdict) || value === null || championValue === null) return false;
  return isBetter(value, championValue, goal) && stoppedTrial(trials) === undefined;
}

/** Whether an experiment is a near miss. */
export function isNearMiss({ verdict, trials }: ExperimentMarker, goal: Goal): boolean {
  return verdict !== null && isNearMissVerdict(verdict, trials, goal);
}
