/** `experiments.tsv`: everything known about each experiment. docs/results.md explains the columns. */
import type { Contract } from '../../protocol/contract.ts';
import type { RecordedTrial } from '../marker.ts';
import type { Experiment } from '../model.ts';
import { countsOf, endingOf, errorsOf } from './ending.ts';
import { firstNoise, ledgerRow, type Start } from './ledger.ts';
import { type Cell, tsv } from './tsv.ts';

type Metric = Pick<Contract['metric'], 'name' | 'goal'>;

/** The columns, in order. What does not apply is left out of a row. */
const COLUMNS = [
  'experiment',
  'pull_request',
  'campaign',
  'commit',
  'verdict',
  'cause',
  'metric',
  'goal',
  'score',
  'trials',
  'standard_error',
  'champion_score',
  'champion_trials',
  'champion_standard_error',
  'gain',
  'gain_standard_error',
  'prior_odds',
  'odds',
  'projected',
  'memory_gb',
  'machine_seconds',
  'tokens',
  'usd',
  'agent',
  'requested_by',
  'title',
] as const;

type Row = Partial<Record<(typeof COLUMNS)[number], Cell>>;

/** One row for the first champion, and one for every experiment that ended. */
export function experimentsTsv(
  metric: Metric,
  start: Start | null,
  experiments: readonly Experiment[],
): string {
  const noise = firstNoise(experiments.map(ledgerRow));
  const first = start ? [baselineRow(metric, start, noise)] : [];
  const rest = experiments.flatMap(experiment => rowOf(metric, experiment) ?? []);
  return tsv([COLUMNS, ...[...first, ...rest].map(row => COLUMNS.map(column => row[column] ?? null))]);
}

function baselineRow(
  { name, goal }: Metric,
  { commit, value, trials, peakMemoryMb }: Start,
  noise: number | null,
): Row {
  return {
    experiment: '0',
    commit,
    verdict: 'baseline',
    metric: name,
    goal,
    score: value,
    ...(trials > 0
      ? { trials: String(trials), standard_error: noise === null ? null : noise / Math.sqrt(trials) }
      : {}),
    memory_gb: gigabytes(peakMemoryMb),
  };
}

/** Null while it is open. */
function rowOf({ name, goal }: Metric, experiment: Experiment): Row | null {
  const row = ledgerRow(experiment);
  const { marker, pull } = experiment;
  const { verdict, cost } = marker;
  if (row.status === 'running') return null;
  const isMeasured = row.measured > 0;
  return {
    experiment: String(marker.number),
    pull_request: String(pull),
    campaign: String(marker.campaign),
    commit: row.commit,
    verdict: verdict === null ? 'by a person' : endingOf(verdict, marker.trials, goal),
    cause: verdict?.reason ?? null,
    metric: name,
    goal,
    score: isMeasured ? row.value : null,
    trials: String(row.measured),
    ...(verdict && isMeasured ? comparison(goal, experiment) : {}),
    projected: row.status === 'stopped' ? row.value : null,
    memory_gb: gigabytes(row.peakMemoryMb),
    machine_seconds: seconds(marker.trials, marker.earlier.machineSeconds),
    tokens: String(cost.inputTokens + cost.outputTokens),
    usd: cost.usd,
    agent: marker.agent,
    requested_by: marker.asked?.by ?? null,
    title: marker.idea.title,
  };
}

/** What a verdict knows of the two scores. Positive gains are better, for either goal. */
function comparison(goal: Metric['goal'], { marker }: Experiment): Row {
  const { verdict, trials } = marker;
  if (verdict === null || verdict.value === null || verdict.championValue === null) return {};
  const errors = errorsOf(verdict, trials);
  const { champion } = countsOf(verdict, trials);
  const difference = verdict.value - verdict.championValue;
  return {
    standard_error: errors.candidate,
    champion_score: verdict.championValue,
    champion_trials: champion === null ? null : String(champion),
    champion_standard_error: errors.champion,
    gain: goal === 'minimize' ? -difference : difference,
    gain_standard_error: errors.difference,
    prior_odds: verdict.prior === undefined ? null : odds(verdict.prior),
    odds: verdict.doubt === null ? null : odds(1 - verdict.doubt),
  };
}

/** Most odds that are written. */
const MOST_ODDS = 1e6;

/** Odds to 1, with four significant digits. */
function odds(probability: number): Cell {
  const ratio = Math.max(0, probability) / Math.max(0, 1 - probability);
  return String(Number(Math.min(MOST_ODDS, ratio).toPrecision(4)));
}

function gigabytes(megabytes: number): Cell {
  return megabytes > 0 ? (megabytes / 1024).toFixed(1) : null;
}

function seconds(trials: readonly RecordedTrial[], earlier: number): Cell {
  return (earlier + trials.reduce((sum, { totalSeconds }) => sum + totalSeconds, 0)).toFixed(1);
}
