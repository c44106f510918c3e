/** A strip plot in plain text: one row of trials above their mean with its standard error. Narrow enough for a phone. */
import { formatValue } from './number.ts';

export interface Strip {
  label: string;
  values: readonly number[];
  mean: number;
  /** Standard error of the mean; null if it is not known. */
  error: number | null;
}

/** Characters of the plot. With the labels, a code block of GitHub's shows them on a screen of 390 px without scrolling. */
const COLUMNS = 30;

/** The lines of the plot, with a scale below. All rows share it. */
export function stripPlot(strips: readonly Strip[]): string {
  const all = strips.flatMap(({ values, mean, error }) => [
    ...values,
    mean - (error ?? 0),
    mean + (error ?? 0),
  ]);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const columnOf = (value: number) =>
    high > low ? Math.round(((value - low) / (high - low)) * (COLUMNS - 1)) : Math.floor(COLUMNS / 2);
  const width = Math.max(...strips.map(({ label }) => label.length));
  const margin = ' '.repeat(width + 1);
  const lines = strips.flatMap(({ label, values, mean, error }) => [
    label.padEnd(width + 1) + dots(values.map(columnOf)),
    margin + bar(columnOf(mean), error === null ? null : [columnOf(mean - error), columnOf(mean + error)]),
  ]);
  return [...lines, margin + scale(low, high)].map(line => line.trimEnd()).join('\n');
}

/** An `o` for a trial, or a digit where several are in one place. */
function dots(columns: readonly number[]): string {
  return Array.from({ length: COLUMNS }, (_, column) => {
    const count = columns.filter(each => each === column).length;
    if (count === 0) return ' ';
    if (count === 1) return 'o';
    return count > 9 ? '+' : String(count);
  }).join('');
}

function bar(mean: number, ends: [number, number] | null): string {
  const [left, right] = ends ?? [mean, mean];
  return Array.from({ length: COLUMNS }, (_, column) => {
    if (column === mean) return '┼';
    if (column === left) return '├';
    if (column === right) return '┤';
    return column > left && column < right ? '─' : ' ';
  }).join('');
}

function scale(low: number, high: number): string {
  const [left, right] = [formatValue(low), formatValue(high)];
  if (left === right) return ' '.repeat(Math.floor((COLUMNS - left.length) / 2)) + left;
  return left + right.padStart(COLUMNS - left.length);
}
