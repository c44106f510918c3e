/** A snapshot of the demo, and its rendering for a terminal. Pure. */
import { formatDifference, formatNoise, formatValue } from '../../render/number.ts';
import type { Heard } from './hear.ts';

export interface Row {
  number: number;
  pull: number;
  title: string;
  /** Mean of its measured trials so far; null if there are none. */
  value: number | null;
  /** The champion's mean at the verdict; null before it. */
  championValue: number | null;
  /** Null while it is being measured; otherwise the kind of its verdict, and the standard deviation of a trial at that time. */
  verdict: { kind: string; noise: number | null } | null;
}

export interface RunningTrial {
  id: string;
  /** Null until it prints something. */
  heard: Heard | null;
}

export interface Board {
  /** `owner/name#issue` */
  campaign: string;
  phase: string;
  /** Why it is paused or has ended; empty while it is running. */
  reason: string;
  target: number;
  metric: string;
  goal: 'minimize' | 'maximize';
  budgetSeconds: number;
  /** Scores of the champion that the campaign started with, in order. */
  baselines: readonly number[];
  /** Score of the champion at the start and now; null until measured. */
  first: number | null;
  champion: number | null;
  rows: readonly Row[];
  running: readonly RunningTrial[];
  /** Why the latest trial measured nothing, if that was the machine's fault. */
  machineError: { trial: string; message: string } | null;
  /** Why proposals failed, newest last, and how many failed since the last one that did not. */
  failures: readonly string[];
  failedInARow: number;
}

const BAR_CHARACTERS = 24;
const SHOWN_ROWS = 12;
/** Longest line of a candidate's output without a terminal. */
const LINE_CHARACTERS = 120;

/** How a terminal shows a line. */
export type Tone = 'heading' | 'good' | 'bad' | 'muted' | 'plain';

export interface Line {
  text: string;
  tone: Tone;
}

/** The whole board as lines of at most `columns` characters, for a terminal that is repainted. */
export function paint(board: Board, elapsedSeconds: number, columns: number): Line[] {
  const { rows, target, metric } = board;
  const judged = rows.filter(row => row.verdict !== null).length;
  const merged = rows.filter(row => row.verdict?.kind === 'merge').length;
  const head = `${board.campaign}   ${judged} of ${target} experiments judged   ${merged} merged   ${clock(elapsedSeconds)}`;
  const lines: Line[] = [
    { text: head, tone: 'heading' },
    plain(board.reason === '' ? '' : `${board.phase}: ${board.reason}`),
    plain(`champion   ${metric} ${number(board.champion)}${since(board)}`),
    ...failureLines(board),
    ...errorLines(board),
    plain(''),
    ...(board.running.length > 0
      ? board.running.flatMap(trial => trialLines(trial, board))
      : [idleLine(board)]),
    plain(''),
    ...rows
      .filter(row => row.verdict !== null)
      .slice(-SHOWN_ROWS)
      .map(row => rowLine(row)),
  ];
  return lines.map(({ text, tone }) => ({ text: clip(text, columns), tone }));
}

/** That the agent fails, as long as it does. */
function failureLines({ failures, failedInARow }: Board): Line[] {
  const last = failures.at(-1);
  if (last === undefined || failedInARow === 0) return [];
  const times = failedInARow === 1 ? '' : ` (${failedInARow} in a row)`;
  return [{ text: `proposal failed${times}: ${last}`, tone: 'bad' }];
}

function errorLines({ machineError }: Board): Line[] {
  return machineError === null ? [] : [{ text: errorText(machineError), tone: 'bad' }];
}

function errorText({ trial, message }: NonNullable<Board['machineError']>): string {
  return `trial ${trial}: machine error: ${message}`;
}

/** The failures that are new. Only the newest ones are kept, so the lists overlap. */
function newFailures(before: readonly string[], after: readonly string[]): readonly string[] {
  for (let known = Math.min(before.length, after.length); known > 0; known--)
    if (after.slice(0, known).every((reason, i) => reason === before[before.length - known + i]))
      return after.slice(known);
  return after;
}

function plain(text: string): Line {
  return { text, tone: 'plain' };
}

/** What happened between two boards, one line per event. Progress of a trial is not an event. */
export function changes(before: Board | null, after: Board): string[] {
  const lines: string[] = [];
  if (before === null) lines.push(`campaign ${after.campaign}: ${count(after.target, 'experiment')}`);
  for (const [i, value] of after.baselines.entries())
    if (i >= (before?.baselines.length ?? 0))
      lines.push(`champion, trial ${i + 1}: ${after.metric} ${number(value)}`);
  for (const reason of newFailures(before?.failures ?? [], after.failures))
    lines.push(`proposal failed: ${reason}`);
  if (after.machineError && after.machineError.trial !== before?.machineError?.trial)
    lines.push(errorText(after.machineError));
  for (const row of after.rows) {
    const old = before?.rows.find(other => other.number === row.number);
    if (!old) lines.push(`experiment ${row.number} (#${row.pull}): ${row.title}`);
    if (row.verdict && !old?.verdict) lines.push(`experiment ${row.number}: ${verdictText(row)}`);
  }
  if (before && before.phase !== after.phase)
    lines.push(`campaign ${after.phase}${after.reason === '' ? '' : `: ${after.reason}`}`);
  return lines;
}

/** One line about a running trial. */
export function progressText({ id, heard }: RunningTrial): string {
  if (!heard) return `trial ${id}: starting`;
  const { progress, lastLine } = heard;
  if (!progress) return clip(`trial ${id}: ${lastLine}`, LINE_CHARACTERS);
  return `trial ${id}: step ${progress.step}, loss ${formatValue(progress.loss)}, ${leftText(heard, 0)}`;
}

function leftText({ progress, trained }: Heard, decimals: number): string {
  return trained || !progress
    ? 'training done, scoring'
    : `${progress.secondsLeft.toFixed(decimals)} ${progress.inCpuSeconds ? 'CPU s' : 's'} left`;
}

/** The table of results at the end. */
export function finalTable({ rows, metric, first }: Pick<Board, 'rows' | 'metric' | 'first'>): string {
  const cells = [
    ['experiment', metric, 'change', 'result', 'idea'],
    ...(first === null ? [] : [['0', number(first), '', 'baseline', '']]),
    ...rows.map(row => [String(row.number), number(row.value), delta(row), resultOf(row), row.title]),
  ];
  const widths = [0, 1, 2, 3].map(column => Math.max(...cells.map(row => row[column]?.length ?? 0)));
  return cells
    .map(row =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** How noisy trials are according to the last verdict; null if unknown. */
export function noiseText({ rows, metric }: Pick<Board, 'rows' | 'metric'>): string | null {
  const noise = rows.findLast(row => row.verdict?.noise)?.verdict?.noise;
  if (!noise) return null;
  return `two trials of the same code typically differ by ${formatNoise(Math.SQRT2 * noise)} ${metric}`;
}

/** Minutes and seconds. */
export function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

/** No trial is running: the App is deciding, the agent is thinking, or the campaign has ended. */
function idleLine({ phase }: Board): Line {
  const text = phase === 'running' ? '▸ preparing the next trial …' : `▸ campaign ${phase}`;
  return { text, tone: 'heading' };
}

function trialLines(trial: RunningTrial, { rows, budgetSeconds }: Board): Line[] {
  const experiment = Number(/\/(\d+)\./.exec(trial.id)?.[1] ?? 0);
  const title =
    rows.find(row => row.number === experiment)?.title ?? (experiment === 0 ? 'the champion' : '');
  const { heard } = trial;
  const head: Line = { text: `▸ trial ${trial.id}   ${title}`, tone: 'heading' };
  if (!heard?.progress) return [head, plain(`  ${heard?.lastLine ?? 'starting'}`)];
  const { progress } = heard;
  const share = heard.trained ? 1 : 1 - Math.min(1, progress.secondsLeft / budgetSeconds);
  const done = Math.round(share * BAR_CHARACTERS);
  const bar = '█'.repeat(done) + '░'.repeat(BAR_CHARACTERS - done);
  const facts = `step ${progress.step}   loss ${formatValue(progress.loss)}   ${leftText(heard, 1)}`;
  return [head, plain(`  ${bar}  ${facts}`)];
}

function rowLine(row: Row): Line {
  const text = `${resultOf(row).padEnd(13)} ${number(row.value).padEnd(8)} ${delta(row).padEnd(8)} ${row.title}  (#${row.pull})`;
  return { text, tone: TONES[row.verdict?.kind ?? ''] ?? 'plain' };
}

const TONES: Record<string, Tone> = {
  merge: 'good',
  crash: 'bad',
  close: 'muted',
  'near miss': 'muted',
  'stopped early': 'muted',
};

function verdictText(row: Row): string {
  const change = delta(row);
  const value = row.value === null ? '' : ` at ${number(row.value)}${change === '' ? '' : ` (${change})`}`;
  return `${resultOf(row)}${value}, ${row.title}`;
}

/** How an experiment ended. */
function resultOf({ verdict }: Row): string {
  return RESULTS[verdict?.kind ?? 'open'] ?? 'not judged';
}

const RESULTS: Record<string, string> = {
  open: 'open',
  merge: 'merged',
  close: 'closed',
  'near miss': 'near miss',
  crash: 'crashed',
  'stopped early': 'stopped early',
  flagged: 'flagged',
  guard: 'breaks a guard',
};

function since({ first, champion }: Board): string {
  if (first === null || champion === null || first === champion) return '';
  return `   (${formatDifference(champion - first, first)} since the start, ${number(first)})`;
}

function delta({ value, championValue }: Row): string {
  return value === null || championValue === null
    ? ''
    : formatDifference(value - championValue, championValue);
}

export function number(value: number | null): string {
  return value === null ? '–' : formatValue(value);
}

function clip(line: string, columns: number): string {
  const characters = [...line];
  return characters.length <= columns ? line : `${characters.slice(0, columns - 1).join('')}…`;
}

export function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}
