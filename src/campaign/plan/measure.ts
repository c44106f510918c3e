/** Takes another trial: of an experiment, of the champion to compare it with, or of the experiment restacked on a new champion. */
import type { Action } from '../action.ts';
import { countLike, isDisturbedBeside, trialsOfTree } from '../evidence/evidence.ts';
import { BASELINE_TRIALS, MAX_RESTACKS, type RecordedTrial } from '../marker.ts';
import { measuredValues } from '../model.ts';
import { pauseForFaults, recentTrials } from './champion.ts';
import { conclude } from './conclude.ts';
import { dispatch, waitForAttempt } from './dispatch.ts';
import type { Subject } from './subject.ts';

/** The champion is measured again under an experiment's conditions until this many of its trials ran under conditions already known. */
const MAX_MISSES = 2 * BASELINE_TRIALS;

export function takeTrial({ snapshot, work, experiment, trials }: Subject): Action {
  return dispatch(snapshot, work, experiment, trials);
}

/** Whether the experiment has been measured so often that another trial would not help. */
export function isExhausted({ work, trials }: Subject): boolean {
  return measuredValues(trials).length >= 2 * work.contract.gate.max_trials;
}

/** Takes another trial, or gives up: the gate needs trials under equal conditions, and some machines keep changing. */
export function measureAgain(subject: Subject): Action {
  const { experiment, trials } = subject;
  if (!isExhausted(subject)) return takeTrial(subject);
  const reason = `Its ${measuredValues(trials).length} trials and the champion's ran under conditions that changed too often to compare them.`;
  return conclude(experiment, trials, 'unmeasurable', reason);
}

/**
 * For an experiment without a comparable trial of the champion: if it was disturbed, measures it once more. Else measures the champion
 * again, and if that does not meet the experiment's conditions, the experiment.
 */
export function measureAlike(subject: Subject): Action {
  const { snapshot, work, now, trials } = subject;
  const taken = trialsOfTree(snapshot, snapshot.base.tree).filter(isMeasured);
  const disturbed = trials.filter(trial => isMeasured(trial) && isDisturbedBeside(trial, taken));
  // The first time, the load may pass. If it stays, the champion is measured under it, too.
  if (disturbed.length === 1 && trials.at(-1) === disturbed[0]) return measureAgain(subject);
  const waiting =
    waitForAttempt(snapshot, work, null, now) ??
    pauseForFaults(work.campaign, recentTrials(snapshot, work.campaign));
  if (waiting) return waiting;
  const all = trialsOfTree(snapshot, snapshot.base.tree);
  return missesAmong(taken) < MAX_MISSES ? dispatch(snapshot, work, null, all) : measureAgain(subject);
}

/** How many of these measured trials ran under conditions that already had enough trials. */
function missesAmong(trials: readonly RecordedTrial[]): number {
  return trials.filter((trial, i) => countLike(trials.slice(0, i), trial) >= BASELINE_TRIALS).length;
}

/** Makes the experiment again on the new champion, because nothing measured on an earlier one is merged. */
export function restack({ work, experiment, trials }: Subject): Action {
  if (experiment.marker.restacks < MAX_RESTACKS) return { kind: 'restack', ...work, experiment };
  const reason = `The champion changed ${MAX_RESTACKS + 1} times while this experiment was being measured.`;
  return conclude(experiment, trials, 'superseded', reason);
}

function isMeasured({ outcome }: RecordedTrial): boolean {
  return outcome.status === 'measured';
}
