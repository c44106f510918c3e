/**
 * The filter: learns the champion's level, an idea's effect and the noise from trials.
 *
 * A trial on seed k measures y = L + S_k + d + e. L is the champion's level; S_k is the share of seed k, S_k ~ N(0, σ²ρ); d is the
 * idea's effect (0 for the champion itself; negative helps, metrics are minimised here); e ~ N(0, σ²(1−ρ)). Between trials L moves by
 * N(0, w²), so that P_LL grows by w² before each (a random walk: the same book, chapter 2).
 *
 * Given a world h = (σ, ρ, w, π) and the effect d, level and seeds x = (L, S_1, S_2, …) are jointly normal, and a trial updates
 * them as in any Kalman filter (Kalman 1960; Anderson and Moore, Optimal Filtering, 1979, chapter 3). Their covariance does
 * not depend on d, and their mean is affine in it: E[x | d] = mean + slope·d. The effect itself is a mixture of normal
 * distributions N(effect_j, variance_j) with weights W_j, and the worlds have weights ω_h (Gaussian sums: Anderson and Moore,
 * chapter 8.4). One trial is, with the row c that picks L and S_k, t = c'Pc + σ²(1−ρ) and g = 1 + c'slope:
 *
 *   r_j = y − c'mean − g·effect_j      s_j = g²·variance_j + t        the surprise, and its variance
 *   W_j ∝ W_j N(r_j; 0, s_j)           ω_h ∝ ω_h Σ_j W_j N(r_j; 0, s_j)      Bayes
 *   effect_j += variance_j·g·r_j/s_j   variance_j ·= t/s_j
 *   q = Pc/t    mean += q(y − c'mean)    slope −= q·g    P −= q(Pc)'
 *
 * After a verdict the mixture over d is replaced by the normal distribution of equal mean and covariance.
 */

import { at, part } from './element.ts';

/** The possible effects of an idea before it is tried: a mixture of normal distributions. Negative effects are improvements. */
export interface Effects {
  mean: readonly number[];
  variance: readonly number[];
  /** Sums to 1. */
  weight: readonly number[];
  /** 1 if merging an idea with this effect would be a false merge, else 0. */
  isFalse: readonly number[];
}

/** One possible world: variance of a trial on a known seed, σ²(1−ρ), variance of the seeds, σ²ρ, and effects of ideas. */
export interface World {
  /** σ. */
  noise: number;
  trialVariance: number;
  seedVariance: number;
  /** What the level's variance grows by with each trial, whosever it is: machines drift. */
  driftVariance: number;
  effects: Effects;
}

/** A world, its weight, and the mean and covariance (by rows) of the champion's level and the seeds' shares in it. */
interface Cell {
  world: World;
  logWeight: number;
  mean: readonly number[];
  covariance: readonly number[];
}

/** The belief between two ideas. `seeds[k]` is component k + 1 of every cell. */
export interface Belief {
  seeds: readonly number[];
  cells: readonly Cell[];
}

/** A world in which an idea is tested: `mean + slope · d` is the mean of the state if the effect is d. */
interface TestCell extends Cell {
  slope: readonly number[];
  /** The mixture of the idea's effect. */
  weight: readonly number[];
  effect: readonly number[];
  variance: readonly number[];
  isFalse: readonly number[];
}

/** The belief while an idea is tested. */
export interface Test {
  seeds: readonly number[];
  cells: readonly TestCell[];
}

/** A measured score (lower is better) and the seed of its trial. */
export interface Sample {
  seed: number;
  value: number;
}

/** Likelihoods below exp(this), relative to the largest, count as zero. */
const NOTHING = -60;

/** The champion against itself: no change, so no effect. */
const NO_EFFECT: Effects = { mean: [0], variance: [0], weight: [1], isFalse: [1] };

/**
 * The belief before anything was measured.
 * @param worlds possible worlds with the logarithms of their weights
 * @param level mean and variance of the champion's level
 */
export function startBelief(
  worlds: readonly { world: World; logWeight: number }[],
  level: { mean: number; variance: number },
): Belief {
  return {
    seeds: [],
    cells: worlds.map(({ world, logWeight }) => ({
      world,
      logWeight,
      mean: [level.mean],
      covariance: [level.variance],
    })),
  };
}

/** The belief after a trial of the champion itself. */
export function observeChampion(belief: Belief, sample: Sample): Belief {
  return settle(
    observe(
      testOf(belief, () => NO_EFFECT),
      sample,
    ),
    false,
  );
}

/** A new idea on the champion, before its first trial. `effects`: what it may do, by world; by default what ideas do there. */
export function beginTest(belief: Belief, effects?: ReadonlyMap<World, Effects>): Test {
  return testOf(belief, world => effects?.get(world) ?? world.effects);
}

function testOf({ seeds, cells }: Belief, effectsIn: (world: World) => Effects): Test {
  return {
    seeds,
    cells: cells.map(cell => {
      const { weight, mean, variance, isFalse } = effectsIn(cell.world);
      const slope = cell.mean.map(() => 0);
      return { ...cell, slope, weight, effect: mean, variance, isFalse };
    }),
  };
}

/** The test after another trial of the idea. `extraVariance` is added to that of a trial, for a projected score. */
export function observe(test: Test, sample: Sample, extraVariance = 0): Test {
  const { seeds, cells } = withSeed(test, sample.seed);
  const seed = 1 + seeds.indexOf(sample.seed);
  return { seeds, cells: cells.map(cell => observeCell(cell, seed, sample.value, extraVariance)) };
}

/** A new seed adds a component that is independent of the others. */
export function withSeed(test: Test, seed: number): Test {
  if (test.seeds.includes(seed)) return test;
  return {
    seeds: [...test.seeds, seed],
    cells: test.cells.map(cell => {
      const size = cell.mean.length;
      const covariance: number[] = [];
      for (let row = 0; row < size; row++) {
        for (let column = 0; column < size; column++)
          covariance.push(at(cell.covariance, row * size + column));
        covariance.push(0);
      }
      for (let column = 0; column < size; column++) covariance.push(0);
      covariance.push(cell.world.seedVariance);
      return { ...cell, mean: [...cell.mean, 0], slope: [...cell.slope, 0], covariance };
    }),
  };
}

/** Whose trial it is: the idea's under test, or one of the champion that it is compared with. */
export type Whose = 'idea' | 'champion';

/**
 * The prediction of a trial, or of the mean of one trial on each of several seeds: c'mean, g, and t with its ingredient Pc, where P has grown
 * by the drift until then.
 * @param seeds their components
 */
export function predict(
  { mean, slope, covariance, world }: TestCell,
  whose: Whose,
  seeds: readonly number[],
): { center: number; gradient: number; trialVariance: number; gainVector: number[] } {
  const size = mean.length;
  const share = 1 / seeds.length;
  const gainVector: number[] = [];
  for (let i = 0; i < size; i++) {
    let sum = at(covariance, i * size);
    for (const seed of seeds) sum += share * at(covariance, i * size + seed);
    gainVector.push(sum);
  }
  gainVector[0] = at(gainVector, 0) + world.driftVariance;
  let center = at(mean, 0);
  let gradient = (whose === 'idea' ? 1 : 0) + at(slope, 0);
  let trialVariance = at(gainVector, 0) + share * world.trialVariance;
  for (const seed of seeds) {
    center += share * at(mean, seed);
    gradient += share * at(slope, seed);
    trialVariance += share * at(gainVector, seed);
  }
  return { center, gradient, trialVariance, gainVector };
}

function observeCell(cell: TestCell, seed: number, value: number, extraVariance: number): TestCell {
  const { center, gradient, trialVariance, gainVector } = predict(cell, 'idea', [seed]);
  const expected = trialVariance + extraVariance;
  const surprise = value - center;
  const size = cell.mean.length;
  const mean = cell.mean.slice();
  const slope = cell.slope.slice();
  const covariance = cell.covariance.slice();
  covariance[0] = at(covariance, 0) + cell.world.driftVariance;
  for (let i = 0; i < size; i++) {
    const q = at(gainVector, i) / expected;
    mean[i] = at(mean, i) + q * surprise;
    slope[i] = at(slope, i) - q * gradient;
    for (let j = 0; j < size; j++)
      covariance[i * size + j] = at(covariance, i * size + j) - q * at(gainVector, j);
  }
  return { ...cell, mean, slope, covariance, ...observeEffects(cell, surprise, gradient, expected) };
}

/** Bayes' rule for the effect and the world's weight, in logarithms because the likelihood of an outlier is tiny. */
function observeEffects(
  cell: TestCell,
  surprise: number,
  gradient: number,
  expected: number,
): Pick<TestCell, 'weight' | 'effect' | 'variance' | 'logWeight'> {
  const count = cell.weight.length;
  // Copies are faster than arrays that grow.
  const effect = cell.effect.slice();
  const variance = cell.variance.slice();
  const weight = cell.weight.slice();
  const exponent = cell.effect.slice();
  let largest = Number.NEGATIVE_INFINITY;
  for (let j = 0; j < count; j++) {
    const v = part(variance, j);
    const w = part(weight, j);
    const total = gradient * gradient * v + expected;
    const residual = surprise - gradient * part(effect, j);
    const toEffect = (v * gradient) / total;
    const log = (-0.5 * residual * residual) / total;
    exponent[j] = log;
    weight[j] = w / Math.sqrt(total);
    effect[j] = part(effect, j) + toEffect * residual;
    variance[j] = (v * expected) / total;
    if (w > 0 && log > largest) largest = log;
  }
  let sum = 0;
  for (let j = 0; j < count; j++) {
    const log = part(exponent, j) - largest;
    const likely = part(weight, j) === 0 || log < NOTHING ? 0 : part(weight, j) * Math.exp(log);
    weight[j] = likely;
    sum += likely;
  }
  for (let j = 0; j < count; j++) weight[j] = part(weight, j) / sum;
  return { effect, variance, weight, logWeight: cell.logWeight + largest + Math.log(sum) };
}

/** The belief after a verdict. If the idea was merged, the champion's level changes by its effect. */
export function settle({ seeds, cells }: Test, merged: boolean): Belief {
  return {
    seeds,
    cells: cells.map(cell => {
      const size = cell.mean.length;
      const { mean: d, variance } = momentsOf(cell);
      const mean = cell.mean.slice();
      const covariance = cell.covariance.slice();
      const slope = cell.slope.slice();
      if (merged) slope[0] = at(slope, 0) + 1;
      for (let i = 0; i < size; i++) {
        mean[i] = at(mean, i) + at(slope, i) * d;
        for (let j = 0; j < size; j++)
          covariance[i * size + j] = at(covariance, i * size + j) + at(slope, i) * at(slope, j) * variance;
      }
      return { world: cell.world, logWeight: cell.logWeight, mean, covariance };
    }),
  };
}

/** Mean and variance of the effect in one world. */
function momentsOf({ weight, effect, variance }: TestCell): { mean: number; variance: number } {
  let mean = 0;
  for (let j = 0; j < weight.length; j++) mean += part(weight, j) * part(effect, j);
  let spread = 0;
  for (let j = 0; j < weight.length; j++)
    spread += part(weight, j) * (part(variance, j) + (part(effect, j) - mean) ** 2);
  return { mean, variance: spread };
}

/**
 * The belief after an idea, but worlds with less noise than `quietest` have gained no more by it than the best of the others: an idea
 * may repeat itself as it likes, and shall not make trials look surer than champions have shown them to be.
 */
export function notQuieter({ seeds, cells }: Belief, before: Belief, quietest: number): Belief {
  const earlier = new Map(before.cells.map(cell => [cell.world, cell.logWeight]));
  const gained = ({ world, logWeight }: Cell) => logWeight - (earlier.get(world) ?? logWeight);
  const most = Math.max(...cells.filter(({ world }) => world.noise >= quietest).map(gained));
  if (most === Number.NEGATIVE_INFINITY) return { seeds, cells };
  return {
    seeds,
    cells: cells.map(cell =>
      cell.world.noise >= quietest
        ? cell
        : { ...cell, logWeight: cell.logWeight - Math.max(0, gained(cell) - most) },
    ),
  };
}

/** Keeps what is known of noise and seeds, but makes the level unknown again, somewhere around `level.mean`. */
export function forgetLevel({ seeds, cells }: Belief, level: { mean: number; variance: number }): Belief {
  return {
    seeds,
    cells: cells.map(cell => {
      const size = cell.mean.length;
      const mean = cell.mean.slice();
      const covariance = cell.covariance.slice();
      for (let i = 0; i < size; i++) {
        covariance[i] = 0;
        covariance[i * size] = 0;
      }
      mean[0] = level.mean;
      covariance[0] = level.variance;
      return { ...cell, mean, covariance };
    }),
  };
}

/** Drops worlds that are less likely than the likeliest one by more than `ratio`: they cost time and change nothing. */
export function withoutUnlikely({ seeds, cells }: Belief, ratio: number): Belief {
  const least = Math.max(...cells.map(cell => cell.logWeight)) + Math.log(ratio);
  return { seeds, cells: cells.filter(cell => cell.logWeight >= least) };
}

/** What a trial of the champion on a new seed should score. */
export function championScore({ cells }: Belief): { mean: number; deviation: number } {
  const omega = worldWeights(cells);
  const mean = cells.reduce((sum, cell, h) => sum + part(omega, h) * at(cell.mean, 0), 0);
  const square = cells.reduce((sum, { mean: own, covariance, world }, h) => {
    const variance = at(covariance, 0) + world.driftVariance + world.seedVariance + world.trialVariance;
    return sum + part(omega, h) * (variance + (at(own, 0) - mean) ** 2);
  }, 0);
  return { mean, deviation: Math.sqrt(square) };
}

/** The weights ω of the cells, which sum to 1. */
export function worldWeights(cells: readonly Cell[]): number[] {
  const largest = Math.max(...cells.map(cell => cell.logWeight));
  const weights = cells.map(cell => Math.exp(cell.logWeight - largest));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map(weight => weight / sum);
}
