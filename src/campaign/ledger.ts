/** The ledger: every experiment with its numbers, as rows for people, for `results.tsv` and for the agent. */
import { addCost, type Cost, NO_COST } from './idea.ts';
import { type Campaign, type Experiment, mean, measuredValues, type RecordedTrial } from './model.ts';

/** One experiment on one line; `value` is null where nothing was measured. */
export interface LedgerRow {
  number: number;
  pull: number;
  /** The merged commit, or the candidate's. */
  commit: string;
  title: string;
  value: number | null;
  championValue: number | null;
  peakMemoryMb: number;
  status: 'keep' | 'discard' | 'crash' | 'running';
}

/** Rows of one campaign's experiments, in the order of their numbers. */
export function ledgerRows(experiments: readonly Experiment[]): LedgerRow[] {
  return experiments.map(experiment => {
    const { marker } = experiment;
    const values = measuredValues(marker.trials);
    return {
      number: marker.number,
      pull: experiment.pull,
      commit: experiment.mergeCommit ?? marker.commit,
      title: marker.idea.title,
      value: values.length > 0 ? mean(values) : null,
      championValue: marker.verdict?.championValue ?? null,
      peakMemoryMb: Math.max(0, ...marker.trials.map(trial => trial.peakMemoryMb)),
      status: rowStatus(experiment),
    };
  });
}

function rowStatus(experiment: Experiment): LedgerRow['status'] {
  const { verdict } = experiment.marker;
  if (experiment.state === 'merged') return 'keep';
  if (verdict === null || verdict.kind === 'merge') return 'running';
  return verdict.kind === 'crash' ? 'crash' : 'discard';
}

/**
 * `results.tsv`, the ancestor's five columns: commit (7 digits), the metric (0 for a crash), memory in GB, status,
 * description. The first row is the champion that the campaign began with.
 * @param baselines trials of that champion
 */
export function resultsTsv(
  metric: string,
  baselines: readonly RecordedTrial[],
  rows: readonly LedgerRow[],
): string {
  const header = ['commit', metric, 'memory_gb', 'status', 'description'].join('\t');
  const first = baselines[0];
  const started = first ? baselines.filter(trial => trial.tree === first.tree) : [];
  const values = measuredValues(started);
  const lines = rows
    .filter(row => row.status !== 'running')
    .map(row => line(row.commit, row.value, row.peakMemoryMb, row.status, row.title));
  if (first && values.length > 0) {
    const memory = Math.max(...started.map(trial => trial.peakMemoryMb));
    lines.unshift(line(first.candidate, mean(values), memory, 'keep', 'baseline'));
  }
  return `${[header, ...lines].join('\n')}\n`;
}

function line(
  commit: string,
  value: number | null,
  memoryMb: number,
  status: string,
  description: string,
): string {
  const clean = description.replace(/[\t\r\n]+/g, ' ');
  return [commit.slice(0, 7), (value ?? 0).toFixed(6), (memoryMb / 1024).toFixed(1), status, clean].join(
    '\t',
  );
}

/** What a campaign has spent: tokens and dollars on proposals, seconds of machines on trials. */
export function spending(
  campaign: Campaign,
  experiments: readonly Experiment[],
): { cost: Cost; trials: number; machineSeconds: number } {
  const trials = [
    ...(campaign.state?.baselines ?? []),
    ...experiments.flatMap(experiment => experiment.marker.trials),
  ];
  return {
    cost: experiments.map(e => e.marker.cost).reduce(addCost, campaign.state?.failedCost ?? NO_COST),
    trials: trials.length,
    machineSeconds: trials.reduce((sum, trial) => sum + trial.totalSeconds, 0),
  };
}
