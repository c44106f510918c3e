/** Markers made to fit into a comment or a description, which GitHub limits in length. */

import { clip } from '../text/markdown.ts';
import type { CampaignState, ExperimentMarker, RecordedTrial } from './marker.ts';
import { trialParts } from './trial-id.ts';

/** The baselines of the first champion are kept, and those of this many later trees. */
const KEPT_TREES = 3;
const KEPT_COMMENTS = 200;
const KEPT_FAILURES = 20;
/** If nothing else helps, only this many baselines and failures are kept. */
const FEW_BASELINES = [30, 10, 3];
const FEW_FAILURES = 5;

/** The state as it is stored, followed by smaller and smaller versions of it. */
export function* smallerStates(state: CampaignState): Generator<CampaignState> {
  const stored = keepBaselines(
    {
      ...state,
      reason: clip(state.reason, 2000),
      comments: state.comments.slice(-KEPT_COMMENTS),
      failedProposals: state.failedProposals.slice(-KEPT_FAILURES).map(reason => clip(reason, 300)),
    },
    baselinesThatCount(state.baselines),
  );
  yield stored;
  const quiet = withTrials(stored, withoutTraceback);
  yield quiet;
  const unreported = withTrials(quiet, withoutReports);
  yield unreported;
  for (const count of FEW_BASELINES)
    yield {
      ...keepBaselines(unreported, unreported.baselines.slice(-count)),
      failedProposals: unreported.failedProposals.slice(-FEW_FAILURES),
    };
}

/** The marker as it is stored, followed by smaller and smaller versions of it. */
export function* smallerMarkers(marker: ExperimentMarker): Generator<ExperimentMarker> {
  const { verdict } = marker;
  const stored = { ...marker, verdict: verdict && { ...verdict, reason: clip(verdict.reason, 500) } };
  yield stored;
  const quiet = { ...stored, trials: stored.trials.map(withoutTraceback) };
  yield quiet;
  yield { ...quiet, trials: quiet.trials.map(withoutReports) };
}

/** The baselines of the first champion, where the history begins, and of the latest trees, which ideas may still be compared with. */
function baselinesThatCount(baselines: readonly RecordedTrial[]): RecordedTrial[] {
  const latest = [...new Set(baselines.map(({ tree }) => tree).reverse())].slice(0, KEPT_TREES);
  const trees = new Set([baselines[0]?.tree, ...latest]);
  return baselines.filter(({ tree }) => trees.has(tree));
}

/** Dropped baselines still count as spending, and those that remain are forgiven if they were before. */
function keepBaselines(state: CampaignState, kept: RecordedTrial[]): CampaignState {
  const dropped = state.baselines.filter(trial => !kept.includes(trial));
  if (dropped.length === 0) return state;
  const { forgiven, forgotten = { trials: 0, machineSeconds: 0, last: 0 } } = state;
  const forgivenHere = state.baselines
    .slice(0, forgiven.baselines)
    .filter(trial => kept.includes(trial)).length;
  return {
    ...state,
    baselines: kept,
    forgiven: { ...forgiven, baselines: forgivenHere },
    forgotten: {
      trials: forgotten.trials + dropped.length,
      machineSeconds: dropped.reduce((sum, trial) => sum + trial.totalSeconds, forgotten.machineSeconds),
      last: Math.max(forgotten.last, ...dropped.map(({ trial }) => trialParts(trial).k)),
    },
  };
}

/** The state with each of its trials made smaller. */
function withTrials(state: CampaignState, smaller: (trial: RecordedTrial) => RecordedTrial): CampaignState {
  const finals = state.finals.map(final => ({ ...final, trials: final.trials.map(smaller) }));
  return { ...state, baselines: state.baselines.map(smaller), finals };
}

function withoutTraceback(trial: RecordedTrial): RecordedTrial {
  const { outcome } = trial;
  return outcome.status === 'crash' ? { ...trial, outcome: { ...outcome, traceback: '' } } : trial;
}

function withoutReports(trial: RecordedTrial): RecordedTrial {
  return { ...trial, reported: {} };
}
