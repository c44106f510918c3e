/** The worth of merging an idea, now and after another trial. */
import { part } from './element.ts';
import { type Belief, predict, type Test, type Whose, withSeed, worldWeights } from './filter.ts';

/** What false merges and trials cost. */
export interface Prices {
  /** q: accepted share of false merges. */
  falseMerges: number;
  /** μ: price of a false merge beyond the accepted share, in noises of a trial. */
  falseMergePrice: number;
  /** λ: price of a trial, in noises of a trial. */
  trialPrice: number;
}

/** What the trials so far say about an idea, in the unit of its samples. */
export interface Assessment {
  /** G = E[−d]: expected improvement. */
  gain: number;
  /** f: probability that merging it would be a false merge. */
  doubt: number;
  /** σ̂ = E[σ√(1−ρ)]: standard deviation of a trial on a known seed. */
  noise: number;
  /** u = G − μσ̂(f − q). */
  worth: number;
}

/** Parts lighter than this, relative to the heaviest, are ignored when looking ahead. */
const NEGLIGIBLE = 1e-6;
/** Looking ahead covers this many outcomes, evenly spaced within REACH standard deviations of the mean. */
const OUTCOMES = 40;
const REACH = 4.5;

/** G = E[−d], in the unit of the samples. */
export function expectedGain({ cells }: Test): number {
  const omega = worldWeights(cells);
  let gain = 0;
  for (const [h, { weight, effect }] of cells.entries())
    for (let j = 0; j < weight.length; j++) gain -= part(omega, h) * part(weight, j) * part(effect, j);
  return gain;
}

/** σ̂, in the unit of the samples. */
export function noiseOf({ cells }: Belief): number {
  const omega = worldWeights(cells);
  return cells.reduce((sum, { world }, h) => sum + part(omega, h) * Math.sqrt(world.trialVariance), 0);
}

/** Summarises the belief. */
export function assess(test: Test, prices: Prices): Assessment {
  const { cells } = test;
  const gain = expectedGain(test);
  const omega = worldWeights(cells);
  const noise = noiseOf(test);
  let doubt = 0;
  for (const [h, { weight, isFalse }] of cells.entries())
    for (let j = 0; j < weight.length; j++) doubt += part(omega, h) * part(weight, j) * part(isFalse, j);
  const worth = gain - prices.falseMergePrice * noise * (doubt - prices.falseMerges);
  return { gain, doubt, noise, worth };
}

/**
 * Whether another trial is worth its price: E_y[max(0, u′)] − nλσ̂ > max(0, u) for the mean y of the next n trials, for one n. Two together
 * may be worth theirs where the first alone would not change the verdict (Frazier and Powell, Paradoxes in learning, 2010).
 * @param seeds of the trials to look ahead, in their order
 */
export function anotherTrialPays(
  test: Test,
  whose: Whose,
  seeds: readonly number[],
  prices: Prices,
  assessment: Assessment,
): boolean {
  const now = Math.max(0, assessment.worth);
  const price = prices.trialPrice * assessment.noise;
  if (worthWithCertainty(test, prices, assessment) <= now + price) return false;
  const seen = seeds.reduce(withSeed, test);
  return seeds.some((_, i) => {
    const outcomes = outcomesOf(seen, whose, seeds.slice(0, i + 1), prices, assessment);
    return worthAfterTrial(outcomes) > now + (i + 1) * price;
  });
}

/**
 * E[max(0, u)] with perfect information from the next trial: no real trial is worth more. Bounded from above for each part: for
 * X ~ N(m, s²), E max(0, X) = mΦ(m/s) + sφ(m/s) ≤ max(0, m) + sφ(m/s).
 */
export function worthWithCertainty({ cells }: Test, prices: Prices, { noise }: Assessment): number {
  const omega = worldWeights(cells);
  const price = prices.falseMergePrice * noise;
  let sum = 0;
  for (const [h, { weight, effect, variance, isFalse }] of cells.entries())
    for (let j = 0; j < weight.length; j++) {
      const mass = part(omega, h) * part(weight, j);
      if (mass < 1e-12) continue;
      const worth = -part(effect, j) - price * (part(isFalse, j) - prices.falseMerges);
      const v = part(variance, j);
      const blur = v > 0 ? Math.sqrt(v / (2 * Math.PI)) * Math.exp((-0.5 * worth * worth) / v) : 0;
      sum += mass * (Math.max(0, worth) + blur);
    }
  return sum;
}

/** Parts of the mixture from which the next score y is drawn. Given part i and y, merging is worth a + b·y. */
interface Outcomes {
  mass: number[];
  center: number[];
  variance: number[];
  a: number[];
  b: number[];
}

function outcomesOf(
  test: Test,
  whose: Whose,
  seeds: readonly number[],
  prices: Prices,
  { noise }: Assessment,
): Outcomes {
  const omega = worldWeights(test.cells);
  const price = prices.falseMergePrice * noise;
  const components = seeds.map(seed => 1 + test.seeds.indexOf(seed));
  const parts: Outcomes = { mass: [], center: [], variance: [], a: [], b: [] };
  let heaviest = 0;
  for (const [h, { weight }] of test.cells.entries())
    for (const w of weight) heaviest = Math.max(heaviest, part(omega, h) * w);
  for (const [h, cell] of test.cells.entries()) {
    const { center, gradient, trialVariance } = predict(cell, whose, components);
    for (let j = 0; j < cell.weight.length; j++) {
      const mass = part(omega, h) * part(cell.weight, j);
      if (mass < NEGLIGIBLE * heaviest) continue;
      const v = part(cell.variance, j);
      const total = gradient * gradient * v + trialVariance;
      const c = center + gradient * part(cell.effect, j);
      const slope = (-v * gradient) / total;
      parts.mass.push(mass);
      parts.center.push(c);
      parts.variance.push(total);
      parts.a.push(-part(cell.effect, j) - price * (part(cell.isFalse, j) - prices.falseMerges) - slope * c);
      parts.b.push(slope);
    }
  }
  return parts;
}

/** E_y[max(0, u′)] = ∫ max(0, Σ_i mass_i N(y; center_i, variance_i)(a_i + b_i y)) dy, by the trapezoidal rule. */
function worthAfterTrial({ mass, center, variance, a, b }: Outcomes): number {
  let sum = 0;
  let first = 0;
  let second = 0;
  for (let i = 0; i < mass.length; i++) {
    sum += part(mass, i);
    first += part(mass, i) * part(center, i);
  }
  const middle = first / sum;
  for (let i = 0; i < mass.length; i++)
    second += part(mass, i) * (part(variance, i) + (part(center, i) - middle) ** 2);
  const deviation = Math.sqrt(second / sum);
  const step = (2 * REACH * deviation) / (OUTCOMES - 1);
  const worth = new Float64Array(OUTCOMES);
  for (let i = 0; i < mass.length; i++) {
    const scale = -0.5 / part(variance, i);
    const height = part(mass, i) * Math.sqrt(-scale / Math.PI);
    const [c, level, rise] = [part(center, i), part(a, i), part(b, i)];
    for (let n = 0; n < OUTCOMES; n++) {
      const y = middle - REACH * deviation + n * step;
      const x = y - c;
      worth[n] = (worth[n] ?? 0) + height * Math.exp(scale * x * x) * (level + rise * y);
    }
  }
  return step * worth.reduce((total, w) => total + Math.max(0, w), 0);
}
