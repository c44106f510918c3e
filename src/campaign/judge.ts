/** One experiment's next step: wait for its trial, judge it, take one more trial, or make it again on a new champion. */

import type { Action } from './action.ts';
import { pauseForFaults, recentTrials } from './champion.ts';
import type { Contract } from './contract.ts';
import { dispatch, LOOK_AGAIN_SECONDS, waitForAttempt } from './dispatch.ts';
import { countLike, type Judgement, judgeExperiment, soundTrials, trialsOfTree } from './evidence.ts';
import { limitReached } from './limits.ts';
import {
  BASELINE_TRIALS,
  type Campaign,
  type Experiment,
  MAX_FAULTS,
  MAX_REPAIRS,
  MAX_RESTACKS,
  mean,
  measuredValues,
  type RecordedTrial,
  SIMPLER,
  type Snapshot,
  type Verdict,
} from './model.ts';
import { type LiveCampaign, trialsOf } from './queries.ts';
import { stoppedVerdict } from './stop.ts';
import { agentOf, isModel } from './thought.ts';
import { keptBy, keptVerdict, owesTrial, unforgiven, waitsForPeople } from './words.ts';

/** Why the gate leaves a gain to people. */
const HELD = 'Its gain is far beyond the effects of all ideas before it.';
/** The champion is measured for an idea that met other conditions until so many trials met known ones; then the idea is measured again instead. */
const MAX_MISSES = 2 * BASELINE_TRIALS;

/** One experiment's next step; `wait` while a trial of it is in flight. */
export function advanceExperiment(
  snapshot: Snapshot,
  contract: Contract,
  campaign: LiveCampaign,
  experiment: Experiment,
  now: Date,
): Action | null {
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
  const waiting = waitForAttempt(snapshot, campaign, experiment, now);
  if (waiting) return waiting;
  const trials = trialsOf(snapshot, experiment);
  const mending = mend(snapshot, contract, campaign, experiment, trials, now);
  if (mending) return mending;
  const failure =
    judgeFailure(experiment, unforgiven(marker, trials), trials) ?? judgeHonesty(experiment, trials);
  if (failure) return failure;
  if (waitsForPeople(experiment)) return null;
  const moved = marker.champion.sha !== snapshot.base.sha;
  if (keptBy(marker) !== null) return keep(snapshot, contract, campaign, experiment, trials);
  if (owesTrial(marker, trials))
    return moved ? restack(experiment, trials) : dispatch(snapshot, campaign, experiment, trials);
  const stopped = stoppedVerdict(snapshot, contract, experiment, trials);
  if (stopped) return { kind: 'decide', experiment, trials, unfinished: [], verdict: stopped };
  if (measuredValues(trials).length === 0)
    return moved ? restack(experiment, trials) : dispatch(snapshot, campaign, experiment, trials);
  const judgement = judgeSound(snapshot, contract, experiment, trials);
  if (judgement === null)
    return moved
      ? restack(experiment, trials)
      : measureAgain(snapshot, contract, campaign, experiment, trials);
  if (judgement.kind === 'incomparable')
    // Trials of an old base never match the new champion's conditions, however often that is measured.
    return moved
      ? restack(experiment, trials)
      : measureAlike(snapshot, contract, campaign, experiment, trials, now);
  const { kind } = judgement.verdict;
  if (kind === 'hold' && !moved)
    return { kind: 'hold', experiment, trials, verdict: verdictFrom(judgement, 'flagged', HELD) };
  // A candidate that lost against the old champion would lose against the new one too.
  if (kind === 'close' || (kind === 'merge' && !moved)) return verdictOf(experiment, trials, judgement, kind);
  if (moved) return restack(experiment, trials);
  return measureAgain(snapshot, contract, campaign, experiment, trials);
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
  contract: Contract,
  campaign: LiveCampaign,
  experiment: Experiment,
  trials: RecordedTrial[],
): Action {
  const measured = measuredValues(trials).length;
  if (measured < 2 * contract.gate.max_trials) return dispatch(snapshot, campaign, experiment, trials);
  const reason = `Its ${measured} trials and the champion's ran under conditions that changed too often to be compared.`;
  return conclude(experiment, trials, 'unmeasurable', reason);
}

/** What a language model may be able to mend when it is shown the end of the output. */
const MENDABLE = ['exception', 'no metric', 'not a number', 'out of memory'];

/**
 * While the agent thinks about this experiment, waits; when it has an answer, makes the experiment again from it. A crash is given
 * back to it at most twice. Null where there is nothing to mend, or no answer came.
 */
function mend(
  snapshot: Snapshot,
  contract: Contract,
  campaign: LiveCampaign,
  { marker, ...experiment }: Experiment,
  trials: readonly RecordedTrial[],
  now: Date,
): Action | null {
  const thought = snapshot.thoughts.find(
    ({ task }) => 'pull' in task && task.pull === experiment.pull && task.commit === marker.commit,
  );
  if (thought?.state === 'thinking') return { kind: 'wait', seconds: LOOK_AGAIN_SECONDS };
  if (thought?.state === 'idea')
    return { kind: 'revise', experiment: { ...experiment, marker }, thought: thought.id };
  if (thought?.task.kind === 'port')
    return conclude(
      { ...experiment, marker },
      [...trials],
      'superseded',
      'The champion moved on, and the edits no longer fit its files; the agent did not port them.',
    );
  const crash = unforgiven(marker, trials).find(
    ({ outcome }) => outcome.status === 'crash' && MENDABLE.includes(outcome.reason),
  );
  if (!crash || thought || marker.repairs >= MAX_REPAIRS || !isModel(agentOf(contract, campaign)))
    return null;
  if (limitReached(snapshot, contract, campaign, now) !== null) return null;
  return { kind: 'think', campaign, task: { kind: 'repair', pull: experiment.pull, commit: marker.commit } };
}

type Judged = Extract<Judgement, { kind: 'judged' }>;

function verdictOf(
  experiment: Experiment,
  trials: RecordedTrial[],
  judgement: Judged,
  kind: 'merge' | 'close',
): Action {
  const merged = judgement.verdict.simplification ? SIMPLER : 'Better than the champion.';
  const reason = kind === 'merge' ? merged : 'Not shown to be better than the champion.';
  return {
    kind: 'decide',
    experiment,
    trials,
    unfinished: [],
    verdict: verdictFrom(judgement, kind, reason),
  };
}

function verdictFrom({ verdict, value, champion }: Judged, kind: Verdict['kind'], reason: string): Verdict {
  const { noise, doubt } = verdict;
  return { kind, reason, value: mean(value), championValue: mean(champion), noise, doubt };
}

/** A person is the judge: merged as soon as there is a number on the present champion that can be trusted. */
function keep(
  snapshot: Snapshot,
  contract: Contract,
  campaign: Campaign,
  experiment: Experiment,
  trials: RecordedTrial[],
): Action {
  // However often the champion moves: a person asked for exactly this.
  if (experiment.marker.champion.sha !== snapshot.base.sha) return { kind: 'restack', experiment };
  if (owesTrial(experiment.marker, trials)) return dispatch(snapshot, campaign, experiment, trials);
  const verdict = keptVerdict(snapshot, contract, experiment, trials);
  if (verdict) return { kind: 'decide', experiment, trials, unfinished: [], verdict };
  if (measuredValues(trials).length >= 2 * contract.gate.max_trials) {
    const reason = 'However often it was measured, no number of it was audited.';
    return conclude(experiment, trials, 'unmeasurable', reason);
  }
  return dispatch(snapshot, campaign, experiment, trials);
}

/**
 * Only equal conditions are compared: where the candidate met others than the champion, the champion is measured again, and where that
 * does not meet them, the candidate.
 */
function measureAlike(
  snapshot: Snapshot,
  contract: Contract,
  campaign: LiveCampaign,
  experiment: Experiment,
  trials: RecordedTrial[],
  now: Date,
): Action {
  const waiting = waitForAttempt(snapshot, campaign, null, now);
  if (waiting) return waiting;
  const broken = pauseForFaults(campaign, recentTrials(snapshot, campaign));
  if (broken) return broken;
  const taken = trialsOfTree(snapshot, snapshot.base.tree);
  if (missesAmong(taken) < MAX_MISSES) return dispatch(snapshot, campaign, null, taken);
  return measureAgain(snapshot, contract, campaign, experiment, trials);
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
function restack(experiment: Experiment, trials: RecordedTrial[]): Action {
  if (experiment.marker.restacks >= MAX_RESTACKS)
    return conclude(
      experiment,
      trials,
      'superseded',
      `The champion moved ${MAX_RESTACKS + 1} times while this idea was measured.`,
    );
  return { kind: 'restack', experiment };
}

/** A verdict that does not rest on a comparison. */
export function conclude(
  experiment: Experiment,
  trials: RecordedTrial[],
  kind: Verdict['kind'],
  reason: string,
): Extract<Action, { kind: 'decide' }> {
  const values = measuredValues(trials);
  // A number on a champion that is gone would read as one on the present one.
  const value = values.length > 0 && kind !== 'superseded' ? mean(values) : null;
  const verdict: Verdict = {
    kind,
    reason: reason.slice(0, 500),
    value,
    championValue: null,
    noise: null,
    doubt: null,
  };
  return { kind: 'decide', experiment, verdict, trials, unfinished: [] };
}
