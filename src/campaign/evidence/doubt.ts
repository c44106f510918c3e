/** Crashes that the machine may have caused: what ran right before or after had a machine error. */
import type { Asked, CampaignState, RecordedTrial } from '../marker.ts';
import type { Experiment } from '../model.ts';
import { trialsSinceRerun } from '../people.ts';
import { trialParts } from '../trial-id.ts';
import { isFault } from './faults.ts';

/** Says in a pull request why the bot runs an idea again. */
const WHY = 'the bot, because its crash was next to a machine error,';

/** Whether the crashes of an experiment end it: one does, unless it was next to a machine error. Then it takes a second one. */
export function isCrashed(
  experiment: Experiment,
  trials: readonly RecordedTrial[],
  state: CampaignState | null,
  others: readonly Experiment[],
): boolean {
  const crashes = trialsSinceRerun(experiment.marker, trials).filter(isCrash);
  if (crashes.length !== 1) return crashes.length > 0;
  return !crashes.some(crash => isDoubtful(crash, allTrials(state, others)));
}

/**
 * The experiments that crashed once, next to a machine error that was only recorded later, as requests to try them again. The number of a
 * pull request stands for a comment, with a minus sign.
 */
export function doubtfulCrashes(state: CampaignState, experiments: readonly Experiment[]): Asked[] {
  const all = allTrials(state, experiments);
  const repeated = new Set(
    [...state.asked, ...experiments.flatMap(({ marker }) => marker.asked ?? [])].map(({ pull }) => pull),
  );
  return experiments.flatMap(({ pull, marker }) => {
    const crashes = marker.trials.filter(isCrash);
    const [crash] = crashes;
    const isRepeat = marker.asked?.pull != null;
    if (marker.verdict?.kind !== 'crash' || crash === undefined || crashes.length > 1) return [];
    if (isRepeat || repeated.has(pull) || !isDoubtful(crash, all)) return [];
    return [{ comment: -pull, by: WHY, idea: marker.idea.title, pull }];
  });
}

/**
 * Whether a machine error came before it or after it, in the order of runs, with nothing but other crashes in between. A champion that
 * crashes was measured before, so that is one, too.
 */
function isDoubtful(crash: RecordedTrial, all: readonly RecordedTrial[]): boolean {
  const at = crash.runId;
  if (at === null) return false;
  const others = all
    .filter(
      trial => trial.runId !== null && trial.trial !== crash.trial && (isMachine(trial) || !isCrash(trial)),
    )
    .toSorted((a, b) => runOf(a) - runOf(b));
  const before = others.findLast(trial => runOf(trial) < at);
  const after = others.find(trial => runOf(trial) > at);
  return [before, after].some(trial => trial !== undefined && isMachine(trial));
}

function isMachine(trial: RecordedTrial): boolean {
  return isFault(trial) || (isCrash(trial) && trialParts(trial.trial).experiment === 0);
}

function runOf({ runId }: RecordedTrial): number {
  return runId ?? 0;
}

function allTrials(state: CampaignState | null, experiments: readonly Experiment[]): RecordedTrial[] {
  return [...(state?.baselines ?? []), ...experiments.flatMap(({ marker }) => marker.trials)];
}

function isCrash({ outcome }: RecordedTrial): boolean {
  return outcome.status === 'crash';
}
