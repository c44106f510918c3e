/**
 * Whether merges are confirmed by fresh trials. Trees and seeds are a table with one score in each cell: score = tree + seed + error. What
 * the trees and the seeds do not explain is the noise, with (trees − 1)(seeds − 1) degrees of freedom (the analysis of variance of a block
 * design: Fisher, The Design of Experiments, 1935). Trees that ran on the same seeds differ with a standard error of σ√(2/seeds).
 *
 * The new trials did not choose which ideas were merged, so they are taken as they are: without a prior, and without the campaign's own.
 */
import { mean } from '../../gate/mean.ts';
import { CONFIDENCE } from '../../gate/noise.ts';
import { LEAST_GAIN } from '../../gate/prior.ts';
import { studentBelow } from './student.ts';

/** `refuted`: the trials contradict it. */
export type Result = 'confirmed' | 'refuted' | 'unclear';

export interface Scores {
  goal: 'minimize' | 'maximize';
  /** Scores of each tree, all on the same seeds in the same order. At least two trees and two seeds. */
  trees: ReadonlyMap<string, readonly number[]>;
}

export interface Comparison {
  parent: number;
  merged: number;
  /** Positive is better, for either goal. */
  gain: number;
  /** Of the gain. */
  error: number;
  /** Probability that the gain is real: at least a fifth of the noise or, for shorter code, no loss of more than that. */
  probability: number;
  result: Result;
}

/** A spread below this share of the scores is rounding. */
const ROUNDING = 1e-9;

/** Standard deviation of one trial, without what the seed contributes; 0 if trials of the same tree never differ by more than their seed. */
export function noiseAmong({ trees }: Pick<Scores, 'trees'>): { noise: number; degrees: number } {
  const rows = [...trees.values()];
  const seeds = rows[0]?.length ?? 0;
  const degrees = (rows.length - 1) * (seeds - 1);
  const all = mean(rows.flat());
  const bySeed = Array.from({ length: seeds }, (_, k) => mean(rows.map(row => row[k] ?? Number.NaN)));
  let squares = 0;
  for (const row of rows) {
    const own = mean(row);
    for (const [k, value] of row.entries()) squares += (value - own - (bySeed[k] ?? Number.NaN) + all) ** 2;
  }
  const noise = Math.sqrt(squares / degrees);
  const rounding = ROUNDING * Math.max(...rows.flat().map(Math.abs));
  return { noise: noise > rounding ? noise : 0, degrees };
}

/** Compares a merge with its parent. */
export function compare(scores: Scores, parent: string, merged: string, simpler: boolean): Comparison {
  const [before, after] = [scores.trees.get(parent) ?? [], scores.trees.get(merged) ?? []];
  const { noise, degrees } = noiseAmong(scores);
  const [from, to] = [mean(before), mean(after)];
  const gain = scores.goal === 'minimize' ? from - to : to - from;
  const error = noise * Math.sqrt(2 / before.length);
  const needed = (simpler ? -LEAST_GAIN : LEAST_GAIN) * noise;
  const probability =
    noise > 0
      ? studentBelow((gain - needed) / error, degrees)
      : certainty(gain, simpler, ROUNDING * Math.abs(from));
  return { parent: from, merged: to, gain, error, probability, result: resultOf(probability) };
}

/** Without noise, the difference is what it is. */
function certainty(gain: number, simpler: boolean, rounding: number): number {
  return gain > (simpler ? -rounding : rounding) ? 1 : 0;
}

function resultOf(probability: number): Result {
  if (probability >= CONFIDENCE) return 'confirmed';
  return probability <= 1 - CONFIDENCE ? 'refuted' : 'unclear';
}

/** Quantile of the normal distribution at CONFIDENCE. */
const NORMAL = 1.645;

/** About how many seeds would make a merge clear, if its gain is as large as it looks; null if no reasonable number would. */
export function seedsToTell({ gain, error }: Comparison, seeds: number, simpler: boolean): number | null {
  const noise = error / Math.sqrt(2 / seeds);
  const distance = Math.abs(gain - (simpler ? -LEAST_GAIN : LEAST_GAIN) * noise);
  const needed = Math.ceil(2 * ((NORMAL * noise) / distance) ** 2) + 1;
  return needed <= MOST_SEEDS ? needed : null;
}

/** More are not worth recommending. */
export const MOST_SEEDS = 100;
