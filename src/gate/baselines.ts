/** The champion's own trials, of which one may have been disturbed: by another program, a slow disk, a machine that throttles. */
import type { Sample } from './filter.ts';

/** Trials of a champion before the first idea, and seeds that they rotate over. */
export const BASELINES = 3;
/** Trials where one of the first three stands apart: then the others tell whether it was disturbed. */
const WHEN_ONE_IS_APART = 5;
/** One of three stands apart if its distance from the middle one is this many times that of the other. */
const APART = 4;
/** and if it is more than this many times the noise of a trial, where that is known. */
const APART_NOISES = 4;
/** A trial was disturbed if it is this many median absolute deviations away from the median. */
const DISTURBED = 6;

/** How many trials a champion needs, given the scores that it has and, if it is known, their standard deviation. */
export function baselinesNeeded(values: readonly number[], noise: number | null): number {
  const [low, middle, high] = values.slice(0, BASELINES).toSorted((a, b) => a - b);
  if (low === undefined || middle === undefined || high === undefined) return BASELINES;
  const [near, far] = [middle - low, high - middle].toSorted((a, b) => a - b) as [number, number];
  return far > Math.max(APART * near, APART_NOISES * (noise ?? 0)) ? WHEN_ONE_IS_APART : BASELINES;
}

/** The trials of one champion without those that were disturbed. With fewer than five, that cannot be told. */
export function undisturbed<T extends Pick<Sample, 'value'>>(samples: readonly T[]): readonly T[] {
  if (samples.length < WHEN_ONE_IS_APART) return samples;
  const middle = median(samples.map(({ value }) => value));
  const deviation = median(samples.map(({ value }) => Math.abs(value - middle)));
  return samples.filter(({ value }) => Math.abs(value - middle) <= DISTURBED * deviation);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(half)] ?? 0) + (sorted[Math.ceil(half)] ?? 0)) / 2;
}
