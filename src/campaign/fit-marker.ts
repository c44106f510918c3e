import { clip } from '../text/markdown.ts';
import type { CampaignState, ExperimentMarker, RecordedTrial } from './marker.ts';
import { trialParts } from './queries.ts';

/** Besides the first champion, this many trees keep their baselines. */
const KEPT_TREES = 3;
const KEPT_COMMENTS = 200;
const KEPT_FAILURES = 20;
/** Where nothing else helps, only so many baselines and failures stay. */
const FEW_BASELINES = [30, 10, 3];
const FEW_FAILURES = 5;

/** The state as it is stored, then ever leaner versions of it. */
export function* leanerStates(state: CampaignState): Generator<CampaignState> {
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
  const quiet = { ...stored, baselines: stored.baselines.map(withoutTraceback) };
  yield quiet;
  const lean = { ...quiet, baselines: quiet.baselines.map(withoutReports) };
  yield lean;
  for (const count of FEW_BASELINES)
    yield {
      ...keepBaselines(lean, lean.baselines.slice(-count)),
      failedProposals: lean.failedProposals.slice(-FEW_FAILURES),
    };
}

/** The marker as it is stored, then ever leaner versions of it. */
export function* leanerMarkers(marker: ExperimentMarker): Generator<ExperimentMarker> {
  const { verdict } = marker;
  const stored = { ...marker, verdict: verdict && { ...verdict, reason: clip(verdict.reason, 500) } };
  yield stored;
  const quiet = { ...stored, trials: stored.trials.map(withoutTraceback) };
  yield quiet;
  yield { ...quiet, trials: quiet.trials.map(withoutReports) };
}

/** Those of the first champion, which the history begins with, and of the last trees, which may still be judged against. */
function baselinesThatCount(baselines: readonly RecordedTrial[]): RecordedTrial[] {
  const latest = [...new Set(baselines.map(({ tree }) => tree).reverse())].slice(0, KEPT_TREES);
  const trees = new Set([baselines[0]?.tree, ...latest]);
  return baselines.filter(({ tree }) => trees.has(tree));
}

/** What is dropped was still spent, and what was forgiven of the rest stays forgiven. */
function keepBaselines(state: CampaignState, kept: RecordedTrial[]): CampaignState {
  const dropped = state.baselines.filter(trial => !kept.includes(trial));
  if (dropped.length === 0) return state;
  const { forgiven, forgotten = { trials: 0, machineSeconds: 0, last: 0 } } = state;
  const pardoned = state.baselines.slice(0, forgiven.baselines).filter(trial => kept.includes(trial)).length;
  return {
    ...state,
    baselines: kept,
    forgiven: { ...forgiven, baselines: pardoned },
    forgotten: {
      trials: forgotten.trials + dropped.length,
      machineSeconds: dropped.reduce((sum, trial) => sum + trial.totalSeconds, forgotten.machineSeconds),
      last: Math.max(forgotten.last, ...dropped.map(({ trial }) => trialParts(trial).k)),
    },
  };
}

function withoutTraceback(trial: RecordedTrial): RecordedTrial {
  const { outcome } = trial;
  return outcome.status === 'crash' ? { ...trial, outcome: { ...outcome, traceback: '' } } : trial;
}

function withoutReports(trial: RecordedTrial): RecordedTrial {
  return { ...trial, reported: {} };
}
