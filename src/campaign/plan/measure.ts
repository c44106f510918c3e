/** Takes another trial: of an experiment, of the champion to compare it with, or of the experiment restacked on a new champion. */
import { BASELINES } from '../../gate/baselines.ts';
import { MOST_ASKED } from '../../gate/gate.ts';
import type { Action } from '../action.ts';
import { countLike, isDisturbedBeside, trialsOfTree } from '../evidence/evidence.ts';
import { MAX_RESTACKS, type RecordedTrial } from '../marker.ts';
import { measuredValues } from '../model.ts';
import { trialParts } from '../trial-id.ts';
import { pauseForFaults, recentTrials } from './champion.ts';
import { conclude } from './conclude.ts';
import { dispatch, waitForAttempt } from './dispatch.ts';
import type { Subject } from './subject.ts';

/** The champion is measured again under an experiment's conditions until this many of its trials ran under conditions already known. */
const MAX_MISSES = 2 * BASELINES;

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

/** Measures the champion again, on a seed of its own: what it scores now is the largest doubt about the experiment. */
export function askChampion({ snapshot, work, now }: Subject): Action {
  return (
    waitForAttempt(snapshot, work, null, now) ??
    pauseForFaults(work.campaign, recentTrials(snapshot, work.campaign)) ??
    dispatch(snapshot, work, null, trialsOfTree(snapshot, snapshot.base.tree))
  );
}

/** Whether the champion has not been measured too often since this experiment's first trial. It may come out under other conditions each time. */
export function mayAskChampion({ snapshot, trials, moved }: Subject): boolean {
  const first = Math.min(...trials.map(({ runId }) => runId ?? 0));
  const since = trialsOfTree(snapshot, snapshot.base.tree).filter(
    ({ trial, runId }) => trialParts(trial).experiment === 0 && (runId ?? 0) > first,
  );
  return !moved && since.length < MOST_ASKED;
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
  if (missesAmong(taken) >= MAX_MISSES) return measureAgain(subject);
  const last = trials.findLast(isMeasured);
  // The seeds that the experiment runs on.
  const index = last ? countLike(taken, last) : 0;
  return dispatch(snapshot, work, null, trialsOfTree(snapshot, snapshot.base.tree), index);
}

/** How many of these measured trials ran under conditions that already had enough trials. */
function missesAmong(trials: readonly RecordedTrial[]): number {
  return trials.filter((trial, i) => countLike(trials.slice(0, i), trial) >= BASELINES).length;
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
