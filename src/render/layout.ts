/** Layout of the chart: pure geometry, in pixels. */
import { isBetter } from '../gate/better.ts';

/** One experiment; number 0 is the baseline. `value` is null if nothing was measured. */
export interface ChartPoint {
  number: number;
  value: number | null;
  /** Standard error of `value`; null if that is not known. */
  error: number | null;
  /** The champion's score that it was compared with; null without one. */
  championValue: number | null;
  kept: boolean;
  title: string;
}

export type Goal = 'minimize' | 'maximize';

export interface Measured extends ChartPoint {
  value: number;
}

/** Pixels around the plotting area; `right` grows if a label needs the room. */
export interface Margins {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

export interface Range {
  min: number;
  max: number;
}

/** Maps an experiment's number and value to pixels. */
export interface Scale {
  x(number: number): number;
  y(value: number): number;
}

export const LABEL_FONT_PX = 14;
/** Smallest distance between two neighbouring labels at which they still read as two lines. */
const LABEL_PITCH_PX = 17;
const LABEL_CHARACTERS = 30;
/** Approximate width of a character. Text is never measured, so the chart is the same on every machine. */
const CHARACTER_PX = 7.5;
/** A label that would end up further away from its point is left out. */
const MAX_LEADER_PX = 110;
export const ANGLE = Math.PI / 6;

/** Margins in which the last titles still fit. */
export function roomForLabels(measured: readonly Measured[], numbers: Range, width: number): Margins {
  const margins: Margins = { left: 104, right: 28, top: 92, bottom: 100 };
  const { min, max } = paddedNumbers(numbers);
  for (const point of measured.filter(point => point.kept)) {
    const share = (point.number - min) / (max - min);
    const length = shorten(point.title).length * CHARACTER_PX * Math.cos(ANGLE) + 12;
    // Solves left + share × (width − left − right) + length = width for the margin at the right.
    const needed = (length - (1 - share) * (width - margins.left)) / Math.max(share, 0.01);
    margins.right = Math.max(margins.right, Math.min(needed, width / 5));
  }
  return { ...margins, right: Math.round(margins.right) };
}

/** The mapping from data to pixels. The chart's axes use the same one, so a title meets its point. */
export function scaleOf(
  numbers: Range,
  range: Range,
  margins: Margins,
  width: number,
  height: number,
): Scale {
  const { min, max } = paddedNumbers(numbers);
  const across = width - margins.left - margins.right;
  const down = height - margins.top - margins.bottom;
  return {
    x: number => margins.left + ((number - min) / (max - min)) * across,
    y: value => margins.top + ((range.max - value) / (range.max - range.min)) * down,
  };
}

/** Adds half an experiment of space at both ends. */
export function paddedNumbers(numbers: Range): Range {
  return { min: numbers.min - 0.5, max: numbers.max + 0.5 };
}

/**
 * The part of the value axis to show: everything that was kept, and other values up to five times the median distance from the median,
 * so that one extreme outlier does not flatten the rest.
 */
export function valueRange(measured: readonly Measured[], goal: Goal): Range {
  if (measured.length === 0) return { min: 0, max: 1 };
  const middle = median(measured.map(point => point.value));
  const worse = (value: number) => (goal === 'minimize' ? value - middle : middle - value);
  const fence = 5 * median(measured.map(point => Math.abs(point.value - middle))) || Number.POSITIVE_INFINITY;
  const shown = measured.filter(point => point.kept || worse(point.value) <= fence).map(point => point.value);
  const [min, max] = [Math.min(...shown), Math.max(...shown)];
  const span = max - min || Math.abs(max) * 0.02 || 1;
  // Titles are on the worse side of the line and need more space there.
  const [below, above] = goal === 'minimize' ? [0.08, 0.22] : [0.22, 0.08];
  return { min: min - below * span, max: max + above * span };
}

/** Whether a value lies on the shown part of the axis. */
export function within(value: number, range: Range): boolean {
  return value >= range.min && value <= range.max;
}

/** Whether a point scored better than the champion of its time, but was not merged. */
export function isNearMissPoint({ kept, value, championValue }: Measured, goal: Goal): boolean {
  return !kept && championValue !== null && isBetter(value, championValue, goal);
}

/** The vertical line of a point's error bar on the shown part of the axis; null without one. */
export function errorBar({ value, error }: Measured, range: Range): [number, number] | null {
  if (error === null || error === 0 || !within(value, range)) return null;
  return [Math.max(range.min, value - error), Math.min(range.max, value + error)];
}

/** A kept point's title: where its text starts, and the line to its point if the title had to be moved away from it. */
export interface Label {
  text: string;
  x: number;
  y: number;
  leader: { x1: number; y1: number; x2: number; y2: number } | null;
}

/**
 * Titles of the kept points, slanted away from the line so that they cross neither it nor each other. Titles that would overlap are moved
 * away from their points, and left out if they would have to move too far.
 */
export function placeLabels(measured: readonly Measured[], scale: Scale, goal: Goal): Label[] {
  const up = goal === 'minimize' ? -1 : 1;
  const labels: Label[] = [];
  let bound = Number.POSITIVE_INFINITY;
  for (const point of measured.filter(point => point.kept).reverse()) {
    const x = scale.x(point.number) + 5;
    const y = scale.y(point.value) + up * 9;
    // Labels are parallel; this is a label's distance from the origin, perpendicular to them.
    const across = x * Math.sin(ANGLE) - up * y * Math.cos(ANGLE);
    const lift = Math.max(0, across - bound) / Math.cos(ANGLE);
    if (lift > MAX_LEADER_PX) continue;
    bound = Math.min(across, bound) - LABEL_PITCH_PX;
    const leader = { x1: x - 4, y1: y, x2: x - 1, y2: y + up * (lift - 3) };
    labels.push({ text: shorten(point.title), x, y: y + up * lift, leader: lift > 4 ? leader : null });
  }
  return labels;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? upper;
  return (lower + upper) / 2;
}

function shorten(title: string): string {
  const line = title.replaceAll(/\s+/g, ' ').trim();
  return line.length <= LABEL_CHARACTERS ? line : `${line.slice(0, LABEL_CHARACTERS - 1).trimEnd()}…`;
}
