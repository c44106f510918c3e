/** One more trial of an experiment, of the champion for its sake, or of the experiment made again on a new champion. */
import type { Action } from '../action.ts';
import { countLike, trialsOfTree } from '../evidence/evidence.ts';
import { BASELINE_TRIALS, MAX_RESTACKS, type RecordedTrial } from '../marker.ts';
import { measuredValues } from '../model.ts';
import { pauseForFaults, recentTrials } from './champion.ts';
import { conclude } from './conclude.ts';
import { dispatch, waitForAttempt } from './dispatch.ts';
import type { Subject } from './subject.ts';

/** The champion is measured for an idea that met other conditions until so many trials met known ones; then the idea is measured again instead. */
const MAX_MISSES = 2 * BASELINE_TRIALS;

export function takeTrial({ snapshot, work, experiment, trials }: Subject): Action {
  return dispatch(snapshot, work, experiment, trials);
}

/** Whether it was measured so often that another trial would not help either. */
export function isExhausted({ work, trials }: Subject): boolean {
  return measuredValues(trials).length >= 2 * work.contract.gate.max_trials;
}

/** One more trial. The gate counts those under equal conditions only, which a machine that keeps changing never brings together. */
export function measureAgain(subject: Subject): Action {
  const { experiment, trials } = subject;
  if (!isExhausted(subject)) return takeTrial(subject);
  const reason = `Its ${measuredValues(trials).length} trials and the champion's ran under conditions that changed too often to be compared.`;
  return conclude(experiment, trials, 'unmeasurable', reason);
}

/**
 * Only equal conditions are compared: where the candidate met others than the champion, the champion is measured again, and where that
 * does not meet them, the candidate.
 */
export function measureAlike(subject: Subject): Action {
  const { snapshot, work, now } = subject;
  const waiting =
    waitForAttempt(snapshot, work, null, now) ??
    pauseForFaults(work.campaign, recentTrials(snapshot, work.campaign));
  if (waiting) return waiting;
  const taken = trialsOfTree(snapshot, snapshot.base.tree);
  return missesAmong(taken) < MAX_MISSES ? dispatch(snapshot, work, null, taken) : measureAgain(subject);
}

/** Of the champion's numbers those that were taken under conditions with enough of them already. */
function missesAmong(trials: readonly RecordedTrial[]): number {
  const measured = trials.filter(({ outcome }) => outcome.status === 'measured');
  return measured.filter((trial, i) => countLike(measured.slice(0, i), trial) >= BASELINE_TRIALS).length;
}

/** Nothing measured on an old base is merged: the idea is made again on the new champion. */
export function restack({ work, experiment, trials }: Subject): Action {
  if (experiment.marker.restacks < MAX_RESTACKS) return { kind: 'restack', ...work, experiment };
  const reason = `The champion moved ${MAX_RESTACKS + 1} times while this idea was measured.`;
  return conclude(experiment, trials, 'superseded', reason);
}
