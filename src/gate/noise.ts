import { mean } from './mean.ts';

/** Confidence that a gain of the detectable size is not due to chance. */
export const CONFIDENCE = 0.95;

/** Maximum number of trials to calibrate with. */
export const MOST_TRIALS = 30;

/**
 * Quantiles of Student's t distribution at CONFIDENCE with 1, 2, … 29 degrees of freedom.
 * Source: Abramowitz and Stegun, Handbook of Mathematical Functions, table 26.10.
 */
const STUDENT = [
  6.314, 2.92, 2.353, 2.132, 2.015, 1.943, 1.895, 1.86, 1.833, 1.812, 1.796, 1.782, 1.771, 1.761, 1.753,
  1.746, 1.74, 1.734, 1.729, 1.725, 1.721, 1.717, 1.714, 1.711, 1.708, 1.706, 1.703, 1.701, 1.699,
] as const;

export interface Noise {
  /** From 2 to MOST_TRIALS numbers. */
  values: readonly number[];
  mean: number;
  /** Standard deviation of one trial, in the metric's unit. */
  deviation: number;
}

/** Mean and sample standard deviation (n − 1). Throws a RangeError for fewer than two numbers or more than MOST_TRIALS. */
export function noiseOf(values: readonly number[]): Noise {
  if (values.length < 2 || values.length > MOST_TRIALS)
    throw new RangeError(`Expected 2 to ${MOST_TRIALS} numbers, got ${values.length}.`);
  const middle = mean(values);
  // Equal numbers have no deviation, even if their mean is rounded.
  const isEven = values.every(value => value === values[0]);
  const squares = values.reduce((sum, value) => sum + (value - middle) ** 2, 0);
  return { values, mean: middle, deviation: isEven ? 0 : Math.sqrt(squares / (values.length - 1)) };
}

/**
 * The smallest detectable gain: the difference from the champion's mean that the mean of `trials` trials of an equally good candidate exceeds
 * by chance with a probability of 1 − CONFIDENCE: t · s · √(1/n + 1/trials), with n trials of the champion, their standard deviation s, and t of Student's distribution
 * with n − 1 degrees of freedom. Source: the one-sided prediction bound for the mean of future observations of a normal population,
 * Hahn and Meeker, Statistical Intervals, chapter 4.
 */
export function smallestGain({ values, deviation }: Noise, trials: number): number {
  return student(values) * deviation * Math.sqrt(1 / values.length + 1 / trials);
}

/** How many trials of the champion, and as many of a candidate, make a gain of `gain` detectable; at least 1. */
export function trialsToShow(noise: Noise, gain: number): number {
  return Math.max(1, Math.ceil(2 * ((student(noise.values) * noise.deviation) / gain) ** 2));
}

function student(values: readonly number[]): number {
  return STUDENT[values.length - 2] ?? Number.POSITIVE_INFINITY;
}
