/**
 * Near misses: ideas that were closed although they are believed to help a little, or nearly so. Which of them help cannot be told from luck
 * one by one, but their gains add up in a stack of several, and its noise is that of one trial.
 */
import type { Belief, Effects, Test, World } from './filter.ts';
import { LEAST_GAIN } from './prior.ts';
import { expectedGain } from './worth.ts';

/** What is believed of a closed idea, in the unit of the samples. */
export interface NearMiss {
  id: string;
  /** G: expected gain. */
  gain: number;
  /** Mean and variance of the effect in each world. */
  effects: ReadonlyMap<World, Moments>;
}

interface Moments {
  mean: number;
  variance: number;
}

/** An idea whose expected gain is below this, in noises, is no near miss. */
const LEAST = -0.1;
/** A stack is worth trying from so many parts on, with this expected gain together, in noises. */
const WORTHWHILE = { parts: 3, gain: 0.4 };
/** The normal distribution of a stack's effect is cut into this many pieces within so many standard deviations. */
const PIECES = 40;
const REACH = 4;

/** What is believed of an idea that is closed; null if it is no near miss. */
export function nearMiss(id: string, test: Test, noise: number): NearMiss | null {
  const gain = expectedGain(test);
  if (gain < LEAST * noise) return null;
  const effects = new Map(test.cells.map(cell => [cell.world, momentsOf(cell)]));
  return { id, gain, effects };
}

/** The stack of these that is worth trying: the best, and all others that are believed to help. Empty if it is not worth it. */
export function worthwhile(bestFirst: readonly NearMiss[], noise: number): readonly NearMiss[] {
  const parts = bestFirst.filter(({ gain }, i) => i < WORTHWHILE.parts || gain > 0);
  const gain = parts.reduce((sum, part) => sum + part.gain, 0);
  return parts.length >= WORTHWHILE.parts && gain >= WORTHWHILE.gain * noise ? parts : [];
}

/** What a stack of these may do in each world: the sum of what its parts do, as a normal distribution. */
export function stackEffects({ cells }: Belief, parts: readonly NearMiss[]): Map<World, Effects> {
  return new Map(cells.map(({ world }) => [world, normalEffects(world, sumOf(world, parts))]));
}

function sumOf(world: World, parts: readonly NearMiss[]): Moments {
  return parts.reduce(
    (sum, { effects }) => {
      const { mean, variance } = effects.get(world) ?? { mean: 0, variance: 0 };
      return { mean: sum.mean + mean, variance: sum.variance + variance };
    },
    { mean: 0, variance: 0 },
  );
}

/** A normal distribution in pieces of equal width, each of them a normal distribution. */
function normalEffects({ noise }: World, { mean, variance }: Moments): Effects {
  const deviation = Math.sqrt(variance);
  const width = (2 * REACH * deviation) / PIECES;
  const places = Array.from({ length: PIECES }, (_, i) => -REACH + ((i + 0.5) * 2 * REACH) / PIECES);
  const heights = places.map(place => Math.exp(-0.5 * place ** 2));
  const sum = heights.reduce((a, b) => a + b, 0);
  const means = places.map(place => mean + place * deviation);
  return {
    mean: means,
    variance: means.map(() => width ** 2 / 12),
    weight: heights.map(height => height / sum),
    isFalse: means.map(effect => (-effect < LEAST_GAIN * noise ? 1 : 0)),
  };
}

/** Mean and variance of the effect in one world. */
function momentsOf({ weight, effect, variance }: Test['cells'][number]): Moments {
  let mean = 0;
  for (const [j, w] of weight.entries()) mean += w * (effect[j] ?? 0);
  let spread = 0;
  for (const [j, w] of weight.entries()) spread += w * ((variance[j] ?? 0) + ((effect[j] ?? 0) - mean) ** 2);
  return { mean, variance: spread };
}
