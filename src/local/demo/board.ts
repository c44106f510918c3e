/** What the demo knows at one moment, and how that reads in a terminal: pure. */
import type { Heard } from './hear.ts';

interface Row {
  number: number;
  pull: number;
  title: string;
  /** Mean of its measured trials so far; null where none. */
  value: number | null;
  /** Champion's mean that it was judged against; null before the verdict. */
  championValue: number | null;
  /** Null while it is being measured; otherwise the kind of its verdict, and the deviation of a trial as known then. */
  verdict: { kind: string; noise: number | null } | null;
}

export interface RunningTrial {
  id: string;
  /** Null until it says something. */
  heard: Heard | null;
}

export interface Board {
  /** `owner/name#issue` */
  campaign: string;
  phase: string;
  /** Why it is paused or stopped; empty otherwise. */
  reason: string;
  target: number;
  metric: string;
  budgetSeconds: number;
  /** Trials of the champion that the campaign began with, as they came. */
  baselines: readonly number[];
  /** The champion at the start and now; null until measured. */
  first: number | null;
  champion: number | null;
  rows: readonly Row[];
  running: readonly RunningTrial[];
}

const BAR_CHARACTERS = 24;
/** Of what a candidate says, where there is no terminal whose width would tell. */
const LINE_CHARACTERS = 120;

/** The whole board as lines of at most `columns` characters, for a terminal that is repainted. */
export function paint(board: Board, elapsedSeconds: number, columns: number): string {
  const { rows, target, metric } = board;
  const judged = rows.filter(row => row.verdict !== null).length;
  const merged = rows.filter(row => row.verdict?.kind === 'merge').length;
  const head = `${board.campaign}   ${judged} of ${target} experiments judged   ${merged} merged   ${clock(elapsedSeconds)}`;
  const lines = [
    head,
    board.reason === '' ? '' : `${board.phase}: ${board.reason}`,
    `champion   ${metric} ${number(board.champion)}${since(board)}`,
    '',
    ...(board.running.length > 0
      ? board.running.flatMap(trial => trialLines(trial, board))
      : [pauseLine(board)]),
    '',
    ...rows
      .filter(row => row.verdict !== null)
      .slice(-12)
      .map(row => rowLine(row)),
  ];
  return lines.map(line => clip(line, columns)).join('\n');
}

/** What happened between two boards, one line each; progress of a trial is not an event. */
export function changes(before: Board | null, after: Board): string[] {
  const lines: string[] = [];
  if (before === null) lines.push(`campaign ${after.campaign}: ${count(after.target, 'experiment')}`);
  for (const [i, value] of after.baselines.entries())
    if (i >= (before?.baselines.length ?? 0))
      lines.push(`champion, measurement ${i + 1}: ${after.metric} ${number(value)}`);
  for (const row of after.rows) {
    const old = before?.rows.find(other => other.number === row.number);
    if (!old) lines.push(`experiment ${row.number} (#${row.pull}): ${row.title}`);
    if (row.verdict && !old?.verdict) lines.push(`experiment ${row.number} ${verdictText(row)}`);
  }
  if (before && before.phase !== after.phase)
    lines.push(`campaign ${after.phase}${after.reason === '' ? '' : `: ${after.reason}`}`);
  return lines;
}

/** One line about a running trial. */
export function progressText({ id, heard }: RunningTrial): string {
  if (!heard) return `trial ${id}: starting`;
  const { progress, said } = heard;
  if (!progress) return clip(`trial ${id}: ${said}`, LINE_CHARACTERS);
  return `trial ${id}: step ${progress.step}, loss ${progress.loss.toFixed(4)}, ${leftText(heard, 0)}`;
}

function leftText({ progress, trained }: Heard, decimals: number): string {
  return trained || !progress ? 'trained, being scored' : `${progress.secondsLeft.toFixed(decimals)} s left`;
}

/** The table at the end. */
export function finalTable({ rows, metric, first }: Board): string {
  const cells = [
    ['experiment', metric, 'Δ', 'verdict', 'title'],
    ...(first === null ? [] : [['0', number(first), '', 'champion', 'as it was']]),
    ...rows.map(row => [
      String(row.number),
      number(row.value),
      delta(row),
      verdictWord(row.verdict?.kind ?? 'open'),
      row.title,
    ]),
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

/** How noisy trials are, as the last verdict took them to be; null where none says. */
export function noiseText({ rows, metric }: Board): string | null {
  const noise = rows.findLast(row => row.verdict?.noise)?.verdict?.noise;
  if (!noise) return null;
  return `two trials of the same code differ by about ${number(Math.SQRT2 * noise)} ${metric}`;
}

/** Minutes and seconds. */
export function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

/** Nothing trains: the App is deciding, the agent thinking, or the campaign over. */
function pauseLine({ phase }: Board): string {
  return phase === 'running' ? '▸ what comes next …' : `▸ the campaign is ${phase}`;
}

function trialLines(trial: RunningTrial, { rows, budgetSeconds }: Board): string[] {
  const experiment = Number(/\/(\d+)\./.exec(trial.id)?.[1] ?? 0);
  const title =
    rows.find(row => row.number === experiment)?.title ?? (experiment === 0 ? 'the champion' : '');
  const { heard } = trial;
  const head = `▸ trial ${trial.id}   ${title}`;
  if (!heard?.progress) return [head, `  ${heard?.said ?? 'starting'}`];
  const { progress } = heard;
  const share = heard.trained ? 1 : 1 - Math.min(1, progress.secondsLeft / budgetSeconds);
  const done = Math.round(share * BAR_CHARACTERS);
  const bar = '█'.repeat(done) + '░'.repeat(BAR_CHARACTERS - done);
  const facts = `step ${progress.step}   loss ${progress.loss.toFixed(4)}   ${leftText(heard, 1)}`;
  return [head, `  ${bar}  ${facts}`];
}

function rowLine(row: Row): string {
  const word = verdictWord(row.verdict?.kind ?? 'open').padEnd(9);
  return `${word} ${number(row.value).padEnd(8)} ${delta(row).padEnd(8)} ${row.title}  (#${row.pull})`;
}

function verdictText(row: Row): string {
  const change = delta(row);
  const value = row.value === null ? '' : ` at ${number(row.value)}${change === '' ? '' : ` (${change})`}`;
  return `${verdictWord(row.verdict?.kind ?? 'open')}${value}: ${row.title}`;
}

/** How a verdict reads after "experiment 3". */
function verdictWord(kind: string): string {
  const words: Record<string, string> = { merge: 'merged', close: 'closed', crash: 'crashed' };
  return words[kind] ?? kind;
}

function since({ first, champion }: Board): string {
  if (first === null || champion === null || first === champion) return '';
  return `   (began at ${number(first)}, ${signed(champion - first)})`;
}

function delta({ value, championValue }: Row): string {
  return value === null || championValue === null ? '' : signed(value - championValue);
}

function number(value: number | null): string {
  return value === null ? '–' : value.toFixed(4);
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(4)}`;
}

function clip(line: string, columns: number): string {
  const characters = [...line];
  return characters.length <= columns ? line : `${characters.slice(0, columns - 1).join('')}…`;
}

function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}
