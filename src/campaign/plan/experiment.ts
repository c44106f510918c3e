/** One experiment's next step: wait for its trial, judge it, take one more trial, or make it again on a new champion. */

import { mean } from '../../gate/mean.ts';
import type { Contract } from '../../protocol/contract.ts';
import type { Action, Work } from '../action.ts';
import {
  countLike,
  type Judgement,
  judgeExperiment,
  soundTrials,
  trialsOfTree,
} from '../evidence/evidence.ts';
import { stoppedVerdict } from '../evidence/stopping.ts';
import {
  BASELINE_TRIALS,
  MAX_FAULTS,
  MAX_RESTACKS,
  type RecordedTrial,
  SIMPLER,
  type Verdict,
} from '../marker.ts';
import { type Experiment, measuredValues, type Snapshot } from '../model.ts';
import { keptBy, owesTrial, unforgiven, waitsForPeople } from '../people.ts';
import { trialsOf } from '../queries.ts';
import { pauseForFaults, recentTrials } from './champion.ts';
import { conclude } from './conclude.ts';
import { dispatch, waitForAttempt } from './dispatch.ts';
import { keptVerdict } from './kept-verdict.ts';
import { mend } from './repair.ts';

/** Why the gate leaves a gain to people. */
const HELD = 'Its gain is far beyond the effects of all ideas before it.';
/** The champion is measured for an idea that met other conditions until so many trials met known ones; then the idea is measured again instead. */
const MAX_MISSES = 2 * BASELINE_TRIALS;

/** One experiment's next step; `wait` while a trial of it is in flight. */
export function advanceExperiment(
  snapshot: Snapshot,
  work: Work,
  experiment: Experiment,
  now: Date,
): Action | null {
  const { campaign, contract } = work;
  const { marker } = experiment;
  if (experiment.base !== snapshot.base.branch) {
    const reason = `It was made for the branch ${experiment.base}, and the campaign is now about ${snapshot.base.branch}.`;
    return conclude(experiment, trialsOf(snapshot, experiment), 'superseded', reason);
  }
  if (experiment.headSha === marker.previous && experiment.headSha !== marker.commit)
    return { kind: 'move', experiment };
  if (experiment.headSha !== marker.commit)
    return {
      kind: 'phase',
      campaign,
      phase: 'paused',
      reason: `Someone pushed to #${experiment.pull}; what it holds now is not what was proposed. Close it or put ${marker.commit.slice(0, 7)} back, then comment \`/research resume\`.`,
    };
  if (!experiment.labelled) return { kind: 'label', experiment };
  const waiting = waitForAttempt(snapshot, work, experiment, now);
  if (waiting) return waiting;
  const trials = trialsOf(snapshot, experiment);
  const mending = mend(snapshot, work, experiment, trials, now);
  if (mending) return mending;
  const failure =
    judgeFailure(experiment, unforgiven(marker, trials), trials) ?? judgeHonesty(experiment, trials);
  if (failure) return failure;
  if (waitsForPeople(experiment)) return null;
  const moved = marker.champion.sha !== snapshot.base.sha;
  if (keptBy(marker) !== null) return keep(snapshot, work, experiment, trials);
  if (owesTrial(marker, trials))
    return moved ? restack(work, experiment, trials) : dispatch(snapshot, work, experiment, trials);
  const stopped = stoppedVerdict(snapshot, contract, experiment, trials);
  if (stopped) return { kind: 'close', experiment, trials, unfinished: [], verdict: stopped };
  if (measuredValues(trials).length === 0)
    return moved ? restack(work, experiment, trials) : dispatch(snapshot, work, experiment, trials);
  const judgement = judgeSound(snapshot, contract, experiment, trials);
  if (judgement === null)
    return moved ? restack(work, experiment, trials) : measureAgain(snapshot, work, experiment, trials);
  if (judgement.kind === 'incomparable')
    // Trials of an old base never match the new champion's conditions, however often that is measured.
    return moved ? restack(work, experiment, trials) : measureAlike(snapshot, work, experiment, trials, now);
  const { kind } = judgement.verdict;
  if (kind === 'hold' && !moved)
    return { kind: 'hold', ...work, experiment, trials, verdict: verdictFrom(judgement, 'flagged', HELD) };
  // A candidate that lost against the old champion would lose against the new one too.
  if (kind === 'close' || (kind === 'merge' && !moved))
    return verdictOf(work, experiment, trials, judgement, kind);
  if (moved) return restack(work, experiment, trials);
  return measureAgain(snapshot, work, experiment, trials);
}

/**
 * What all numbers say where that is to close it, and else what the audited ones say, which alone may lead to a merge. A number that did not
 * call for an audit, on a machine where the champion is slower than its others say, is worth another trial, and that is audited. Null while
 * none is.
 */
function judgeSound(
  snapshot: Snapshot,
  contract: Contract,
  experiment: Experiment,
  trials: readonly RecordedTrial[],
): Judgement | null {
  const all = judgeExperiment(snapshot, contract, experiment, trials);
  const sound = soundTrials(contract, trials);
  if (all.kind === 'incomparable' || all.verdict.kind === 'close' || sound.length === trials.length)
    return all;
  if (measuredValues(sound).length === 0) return null;
  return judgeExperiment(snapshot, contract, experiment, sound);
}

/** One more trial. The gate counts those under equal conditions only, which a machine that keeps changing never brings together. */
function measureAgain(
  snapshot: Snapshot,
  work: Work,
  experiment: Experiment,
  trials: RecordedTrial[],
): Action {
  const measured = measuredValues(trials).length;
  if (measured < 2 * work.contract.gate.max_trials) return dispatch(snapshot, work, experiment, trials);
  const reason = `Its ${measured} trials and the champion's ran under conditions that changed too often to be compared.`;
  return conclude(experiment, trials, 'unmeasurable', reason);
}

type Judged = Extract<Judgement, { kind: 'judged' }>;

function verdictOf(
  work: Work,
  experiment: Experiment,
  trials: RecordedTrial[],
  judgement: Judged,
  kind: 'merge' | 'close',
): Action {
  if (kind === 'close') {
    const verdict = verdictFrom(judgement, kind, 'Not shown to be better than the champion.');
    return { kind, experiment, trials, unfinished: [], verdict };
  }
  const reason = judgement.verdict.simplification ? SIMPLER : 'Better than the champion.';
  return { kind, ...work, experiment, trials, verdict: verdictFrom(judgement, kind, reason) };
}

function verdictFrom({ verdict, value, champion }: Judged, kind: Verdict['kind'], reason: string): Verdict {
  const { noise, doubt } = verdict;
  return { kind, reason, value: mean(value), championValue: mean(champion), noise, doubt };
}

/** A person is the judge: merged as soon as there is a number on the present champion that can be trusted. */
function keep(snapshot: Snapshot, work: Work, experiment: Experiment, trials: RecordedTrial[]): Action {
  const { contract } = work;
  // However often the champion moves: a person asked for exactly this.
  if (experiment.marker.champion.sha !== snapshot.base.sha) return { kind: 'restack', ...work, experiment };
  if (owesTrial(experiment.marker, trials)) return dispatch(snapshot, work, experiment, trials);
  const verdict = keptVerdict(snapshot, contract, experiment, trials);
  if (verdict) return { kind: 'merge', ...work, experiment, trials, verdict };
  if (measuredValues(trials).length >= 2 * contract.gate.max_trials) {
    const reason = 'However often it was measured, no number of it was audited.';
    return conclude(experiment, trials, 'unmeasurable', reason);
  }
  return dispatch(snapshot, work, experiment, trials);
}

/**
 * Only equal conditions are compared: where the candidate met others than the champion, the champion is measured again, and where that
 * does not meet them, the candidate.
 */
function measureAlike(
  snapshot: Snapshot,
  work: Work,
  experiment: Experiment,
  trials: RecordedTrial[],
  now: Date,
): Action {
  const waiting = waitForAttempt(snapshot, work, null, now);
  if (waiting) return waiting;
  const { campaign } = work;
  const broken = pauseForFaults(campaign, recentTrials(snapshot, campaign));
  if (broken) return broken;
  const taken = trialsOfTree(snapshot, snapshot.base.tree);
  if (missesAmong(taken) < MAX_MISSES) return dispatch(snapshot, work, null, taken);
  return measureAgain(snapshot, work, experiment, trials);
}

/** Of the champion's numbers those that were taken under conditions with enough of them already. */
function missesAmong(trials: readonly RecordedTrial[]): number {
  const measured = trials.filter(({ outcome }) => outcome.status === 'measured');
  return measured.filter((trial, i) => countLike(measured.slice(0, i), trial) >= BASELINE_TRIALS).length;
}

/**
 * A crash is the candidate's fault and ends it; too many machine faults make it unmeasurable.
 * @param counting the trials among `trials` that no person wants measured again
 */
function judgeFailure(
  experiment: Experiment,
  counting: readonly RecordedTrial[],
  trials: RecordedTrial[],
): Action | null {
  for (const { outcome } of counting)
    if (outcome.status === 'crash')
      return conclude(experiment, trials, 'crash', `It crashed (${outcome.reason}): ${outcome.message}`);
  const faults = counting.filter(trial => trial.outcome.status === 'fault');
  if (faults.length >= MAX_FAULTS)
    return conclude(
      experiment,
      trials,
      'unmeasurable',
      `${faults.length} trials failed through the machine's fault.`,
    );
  return null;
}

/** An audit that found more than rounding ends the experiment; the campaign then waits for a person. */
function judgeHonesty(experiment: Experiment, trials: RecordedTrial[]): Action | null {
  for (const { trial, refereed } of trials) {
    const flag = refereed?.audit?.flags[0];
    if (flag !== undefined)
      return conclude(
        experiment,
        trials,
        'flagged',
        `The audit of trial ${trial} does not agree with the number: ${flag}.`,
      );
  }
  return null;
}

/** Nothing measured on an old base is merged: the idea is made again on the new champion. */
function restack(work: Work, experiment: Experiment, trials: RecordedTrial[]): Action {
  if (experiment.marker.restacks >= MAX_RESTACKS)
    return conclude(
      experiment,
      trials,
      'superseded',
      `The champion moved ${MAX_RESTACKS + 1} times while this idea was measured.`,
    );
  return { kind: 'restack', ...work, experiment };
}
