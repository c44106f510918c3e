/** Trials: none dispatched twice, no number counted twice, and every number that is kept is one that a run measured. */

import { isDeepStrictEqual } from 'node:util';
import type { RecordedTrial } from '../../campaign/marker.ts';
import { campaignBranch } from '../../campaign/own-branch.ts';
import { FIRST_FINAL, trialParts } from '../../campaign/trial-id.ts';

import { measurementSchema } from '../../protocol/measurement.ts';
import { isBeyond, STOP_INPUT, stopBarSchema } from '../../protocol/stop-bar.ts';
import { type CheckRecord, type RunRecord, tipOf } from '../model/state.ts';
import { markerOf, pullsOf, stateOf, statusComments } from './read.ts';
import type { Rule, Rules } from './rule.ts';

export function watchTrials({ sim, model, allowed }: Rules): Rule {
  /** Which trial a run's number was kept for. */
  const usedFor = new Map<number, string>();
  return change => {
    if (change.actor !== model.botLogin || !change.after) return;
    if (change.table === 'checks' && !change.before) checkNew(change.after);
    if (change.table === 'runs' && !change.before) runNew(change.after);
    if (change.table === 'pulls') kept(markerOf(change.after)?.trials ?? []);
    const state = change.table === 'comments' ? stateOf(change.after) : null;
    if (state) kept([...state.baselines, ...state.finals.flatMap(({ trials }) => trials)]);
  };

  // Where somebody moves the base between the intent and its run, the next champion's trial gets the same name.
  function checkNew({ externalId, sha }: CheckRecord): void {
    const same = model.checks.values().filter(check => check.externalId === externalId && check.sha === sha);
    if (same.length > allowed(1)) sim.violate(`There are ${same.length} check runs for trial ${externalId}.`);
  }

  function runNew({ title, inputs }: RunRecord): void {
    sim.tally.runs++;
    const same = model.runs
      .values()
      .filter(
        run =>
          run.title === title && run.actor === model.botLogin && run.inputs.candidate === inputs.candidate,
      );
    if (same.length > allowed(1)) sim.violate(`Trial ${title} was dispatched ${same.length} times.`);
    const { issue } = trialParts(title);
    // The rule above is about one trial that runs twice.
    const running = new Set(
      model.runs
        .values()
        .filter(run => isInFlight(run) && trialParts(run.title).issue === issue)
        .map(run => run.title),
    );
    // Of two Apps, or two lives of one, the last may not see yet what the other began.
    const most = sim.profile.parallel + allowed(1) - 1;
    if (running.size > most)
      sim.violate(`${running.size} trials are in flight at once, expected at most ${most}.`);
  }

  /** Runs of the App's that still have a meaning: people may close what is measured, or move the champion, and what was given up may not end. */
  function isInFlight({ id, status, cancelling, actor, attempt, title, inputs }: RunRecord): boolean {
    if (status === 'completed' || cancelling || actor !== model.botLogin || attempt > 1 || usedFor.has(id))
      return false;
    const { issue, experiment } = trialParts(title);
    if (experiment === 0)
      return (
        inputs.candidate === tipOf(model, sim.profile.apart ? campaignBranch(issue) : model.defaultBranch)
      );
    // With the status comment, the App loses sight of them.
    if (experiment >= FIRST_FINAL)
      return statusComments(model, issue).some(({ state }) =>
        state.finals.some(({ number }) => number === experiment),
      );
    const pull = pullsOf(model, issue).find(({ branch }) => branch.endsWith(`/${experiment}`));
    return pull?.state === 'open';
  }

  function kept(trials: readonly RecordedTrial[]): void {
    if (new Set(trials.map(({ trial }) => trial)).size < trials.length)
      sim.violate(`One trial is counted twice: ${trials.map(({ trial }) => trial).join(', ')}.`);
    for (const trial of trials) checkKept(trial);
  }

  function checkKept(trial: RecordedTrial): void {
    const run = trial.runId === null ? undefined : model.runs.get(trial.runId);
    if (!run) return void sim.violate(`Trial ${trial.trial} names run ${trial.runId}, which does not exist.`);
    const other = usedFor.get(run.id);
    if (other !== undefined && other !== trial.trial)
      sim.violate(`The result of run ${run.id} counts for ${other} and for ${trial.trial}.`);
    usedFor.set(run.id, trial.trial);
    if (trial.outcome.status === 'stopped') checkStopped(trial, run);
    // What no artifact says the App says itself: that the machine failed.
    if (trial.outcome.status === 'fault') return;
    if (run.title !== trial.trial || run.actor !== model.botLogin || !isWhatIs(trial, run.artifacts[0]))
      sim.violate(`No run of the App measured trial ${trial.trial} as ${JSON.stringify(trial)}.`);
  }

  /** Only a dispatch that asked for it may end a trial, only an experiment's, and only for a preview beyond the bar. */
  function checkStopped({ trial, outcome, machine, digest }: RecordedTrial, { inputs }: RunRecord): void {
    const bar = stopBarSchema.parse(inputs[STOP_INPUT] ?? '');
    const isAlike = bar !== null && bar.machine === machine && bar.digest === digest;
    if (trialParts(trial).experiment === 0) sim.violate(`Trial ${trial} of a champion was stopped.`);
    if (!isAlike || outcome.status !== 'stopped' || !isBeyond(outcome.value, bar.value, 'minimize'))
      sim.violate(`Trial ${trial} was stopped although its dispatch did not ask for that.`);
  }
}

/** Whether the run's first artifact says, word for word, what was kept of it. Tracebacks here are too short to be clipped. */
function isWhatIs({ runId: _, ...kept }: RecordedTrial, artifact = ''): boolean {
  return (
    artifact.endsWith('}') && isDeepStrictEqual(measurementSchema.safeParse(JSON.parse(artifact)).data, kept)
  );
}
