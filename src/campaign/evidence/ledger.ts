/** The ledger: every experiment with its numbers, for the status comment, `results.tsv` and the chart. */

import { mean } from '../../gate/mean.ts';
import { exactNumber } from '../../text/exact-number.ts';
import type { GuardFinding } from '../guard-finding.ts';
import { addCost, type Cost, NO_COST } from '../idea.ts';
import type { ExperimentMarker, RecordedTrial, Verdict } from '../marker.ts';
import { type Campaign, type Experiment, measuredValues } from '../model.ts';
import { waitsForPeople } from '../people.ts';
import { stoppedTrial } from './stopping.ts';
import { type Cell, tsv } from './tsv.ts';

/** One experiment. `value` is null if nothing was measured, and projected if its trial was stopped early. */
export interface LedgerRow {
  number: number;
  pull: number;
  /** The merged commit, or the candidate's. */
  commit: string;
  title: string;
  value: number | null;
  championValue: number | null;
  /** How many trials `value` is the mean of; 0 if it is projected. */
  measured: number;
  /** Standard deviation of one trial, as known at the time of the verdict. */
  noise: number | null;
  peakMemoryMb: number;
  status: 'keep' | 'discard' | 'crash' | 'stopped' | 'running';
  /** How it ended; null while it runs. */
  verdict: Verdict['kind'] | null;
  /** Whether it was merged for shorter code, not for a better score. */
  simpler: boolean;
  /** Whether it is held for review, and nobody has decided yet. */
  held: boolean;
  /** What was found about the contract's guards. */
  guards: readonly GuardFinding[];
}

/** One row for each experiment, in the same order. */
export function ledgerRows(experiments: readonly Experiment[]): LedgerRow[] {
  return experiments.map(ledgerRow);
}

export function ledgerRow(experiment: Experiment): LedgerRow {
  const { marker } = experiment;
  const { verdict } = marker;
  const values = comparedValues(marker);
  const status = rowStatus(experiment);
  return {
    number: marker.number,
    pull: experiment.pull,
    commit: experiment.mergeCommit ?? marker.commit,
    title: marker.idea.title,
    value: values.length > 0 ? mean(values) : status === 'stopped' ? (verdict?.value ?? null) : null,
    championValue: verdict?.championValue ?? null,
    measured: values.length,
    noise: verdict?.noise ?? null,
    peakMemoryMb: Math.max(0, ...marker.trials.map(trial => trial.peakMemoryMb)),
    status,
    verdict: verdict?.kind ?? null,
    simpler: verdict?.cause === 'simpler',
    held: waitsForPeople(experiment),
    guards: verdict?.guards ?? [],
  };
}

/** The scores that the verdict rests on: those under the champion's conditions. Without such a verdict, all. */
function comparedValues({ trials, verdict }: ExperimentMarker): number[] {
  const compared = new Set(verdict?.compared?.candidate);
  return measuredValues(compared.size > 0 ? trials.filter(({ trial }) => compared.has(trial)) : trials);
}

function rowStatus(experiment: Experiment): LedgerRow['status'] {
  const { verdict } = experiment.marker;
  if (experiment.state === 'merged') return 'keep';
  if (verdict === null || verdict.kind === 'merge') return 'running';
  if (verdict.kind === 'crash') return 'crash';
  return verdict.kind === 'close' && stoppedTrial(experiment.marker.trials) ? 'stopped' : 'discard';
}

/** The champion that the experiments began with. */
export interface Start {
  commit: string;
  value: number;
  /** How many trials that is the mean of; 0 if they are not known. */
  trials: number;
  /** 0 if its trials are not known. */
  peakMemoryMb: number;
}

/**
 * What the first experiments were compared with: the first baselines or, if those are not known, the champion's score in the first
 * verdict. Null if nothing was measured yet.
 */
export function startOf(
  baselines: readonly RecordedTrial[],
  experiments: readonly Experiment[],
): Start | null {
  const first = baselines[0];
  const trials = baselines.filter(trial => trial.tree === first?.tree);
  const values = measuredValues(trials);
  if (first && values.length > 0)
    return {
      commit: first.candidate,
      value: mean(values),
      trials: values.length,
      peakMemoryMb: Math.max(...trials.map(trial => trial.peakMemoryMb)),
    };
  const judged = experiments.find(({ marker }) => marker.verdict?.championValue != null)?.marker;
  const value = judged?.verdict?.championValue;
  return judged && value != null ? { commit: judged.champion.sha, value, trials: 0, peakMemoryMb: 0 } : null;
}

/**
 * `results.tsv` with the five columns of Karpathy's autoresearch: commit (7 digits), the metric, memory in GB, status, description. A cell is
 * empty where nothing was measured. The first row is the champion that the experiments began with. Three statuses are ours: `stopped`, whose
 * description has the projected score, `guard` and `unmeasured`.
 */
export function resultsTsv(metric: string, start: Start | null, rows: readonly LedgerRow[]): string {
  const header = ['commit', metric, 'memory_gb', 'status', 'description'];
  const first = start ? [line(start.commit, start.value, start.peakMemoryMb, 'keep', 'baseline')] : [];
  const lines = rows.filter(row => row.status !== 'running').map(lineOf);
  return tsv([header, ...first, ...lines]);
}

/**
 * `guards.tsv`: one row per experiment and guard, with the commit as in `results.tsv`, the mean that was measured and over how many trials, the
 * limit, and `kept`, `broken`, `missing` or `unsure`. Null if no guard was ever looked at.
 */
export function guardsTsv(rows: readonly LedgerRow[]): string | null {
  const lines = rows.flatMap(({ commit, guards }) =>
    guards.map(({ name, value, trials, side, bound, limit, kind }) => [
      commit.slice(0, 7),
      name,
      value,
      String(trials),
      side,
      limit,
      bound,
      kind,
    ]),
  );
  const header = ['commit', 'guard', 'value', 'trials', 'side', 'limit', 'bound', 'result'];
  return lines.length === 0 ? null : tsv([header, ...lines]);
}

function lineOf({ commit, value, peakMemoryMb, status, title, verdict }: LedgerRow): Cell[] {
  if (status === 'stopped') {
    const projected = value === null ? '' : ` (projected ${exactNumber(value)})`;
    return line(commit, null, peakMemoryMb, status, title + projected);
  }
  return line(
    commit,
    value,
    peakMemoryMb,
    status === 'discard' ? discardedAs(verdict, value) : status,
    title,
  );
}

function discardedAs(verdict: LedgerRow['verdict'], value: number | null): string {
  if (value === null) return 'unmeasured';
  return verdict === 'guard' ? 'guard' : 'discard';
}

/** A point in the chart of a campaign. The baseline is point 0. */
export interface LedgerPoint {
  number: number;
  value: number | null;
  /** Standard error of `value`; null if that is not known, or if the value is projected. */
  error: number | null;
  /** What it was compared with. */
  championValue: number | null;
  kept: boolean;
  title: string;
}

/** The points of the chart, numbered in the order of `rows`. */
export function ledgerPoints(start: Start | null, rows: readonly LedgerRow[]): LedgerPoint[] {
  const noise = firstNoise(rows);
  const first = start
    ? [
        {
          number: 0,
          value: start.value,
          error: standardError(noise, start.trials),
          championValue: null,
          kept: true,
          title: 'baseline',
        },
      ]
    : [];
  const rest = rows
    .filter(row => row.status !== 'running')
    .map((row, i) => ({
      number: i + 1,
      value: row.value,
      error: standardError(row.noise, row.measured),
      championValue: row.status === 'stopped' ? null : row.championValue,
      kept: row.status === 'keep',
      title: row.title,
    }));
  return [...first, ...rest];
}

/** The standard deviation of a trial at the first verdict that knows it, which the baselines had, too. */
export function firstNoise(rows: readonly LedgerRow[]): number | null {
  return rows.find(row => row.noise !== null)?.noise ?? null;
}

/** Of a mean over trials with this standard deviation. */
function standardError(deviation: number | null, trials: number): number | null {
  return deviation === null || trials === 0 ? null : deviation / Math.sqrt(trials);
}

function line(
  commit: string,
  value: number | null,
  memoryMb: number,
  status: string,
  description: string,
): Cell[] {
  const memory = memoryMb > 0 ? (memoryMb / 1024).toFixed(1) : null;
  return [commit.slice(0, 7), value, memory, status, description];
}

export interface Spending {
  cost: Cost;
  trials: number;
  machineSeconds: number;
}

/** What a campaign has spent: tokens and dollars on proposals, machine time on trials. */
export function spending(campaign: Campaign, experiments: readonly Experiment[]): Spending {
  const trials = [
    ...(campaign.state?.baselines ?? []),
    ...(campaign.state?.finals ?? []).flatMap(final => final.trials),
    ...experiments.flatMap(experiment => experiment.marker.trials),
  ];
  const earlier = experiments.map(experiment => experiment.marker.earlier);
  if (campaign.state?.forgotten) earlier.push(campaign.state.forgotten);
  return {
    cost: experiments.map(e => e.marker.cost).reduce(addCost, campaign.state?.failedCost ?? NO_COST),
    trials: trials.length + earlier.reduce((sum, spent) => sum + spent.trials, 0),
    machineSeconds: [
      ...trials.map(trial => trial.totalSeconds),
      ...earlier.map(spent => spent.machineSeconds),
    ].reduce((sum, seconds) => sum + seconds, 0),
  };
}
