/**
 * The prior: the belief before the first idea, in units of the calibrated noise u.
 *
 * Worlds: σ, the noise of a trial with a random seed; ρ, the share of its variance that trials on the same seed have in common;
 * w, how far each trial moves the level; π, the share of ideas that help; and the scale of effects. All combinations are equally likely at
 * first.
 *
 * Ideas: π help, a quarter have no effect (within ±0.1σ), the rest hurt. The size of effects is a mixture of two half-normal
 * distributions, divided into bins, each of which is a normal distribution as wide as its bin. A few ideas have far larger effects:
 * their bins grow by a factor of 8 up to 10⁹u and are the same in every world, so that a diverged run says almost nothing about the noise.
 */
import { at } from './element.ts';
import type { Effects, World } from './filter.ts';

/** An idea is an improvement if it gains more than this many noises. Merging any other is a false merge. */
export const LEAST_GAIN = 0.2;

/** The highest σ considered, in u. */
export const HIGHEST_NOISE = 16;
/** σ in u, if u is the deviation of three baselines, which is often far off and nearly always too low. */
const GUESSED_NOISES = [0.35, 0.5, 0.7, 1, 1.4, 2, 2.8, 4, 5.6, 8, HIGHEST_NOISE];
/** σ in u, if u was calibrated. */
const CALIBRATED_NOISES = [0.5, 0.7, 1, 1.4, 2];
/** ρ. */
const SEED_SHARES = [0, 0.6];
/** What each trial adds to the champion's level, as a standard deviation in σ: machines drift, or do not. */
const DRIFTS = [0, 0.1, 0.3];
/** π. */
const HELPING_SHARES = [0.06, 0.15];
const IDLE_SHARE = 0.25;
/** Effects of ideas that count as having none, in noises. */
const IDLE = [-0.1, -0.05, 0, 0.05, 0.1];
/** Scales of the half-normal distributions of |d| in noises, by world. */
const SCALES = [
  [1, 3],
  [4, 12],
  [16, 48],
];
/** Edges of the bins of |d| in noises; one of them is LEAST_GAIN. */
const EDGES = [
  0,
  0.1,
  LEAST_GAIN,
  0.35,
  0.55,
  0.8,
  1.1,
  1.5,
  2,
  2.7,
  3.6,
  4.8,
  6.4,
  8.5,
  11.5,
  15.5,
  21,
  28,
  38,
  52,
  70,
  95,
  130,
];
/** Share of helping and of hurting ideas in the far bins: half of it in the first, a quarter in the next, and so on. */
const FAR_SHARE = { helping: 0.05, hurting: 0.15 };
/** Edges of the far bins in u. */
const FAR_EDGES = Array.from({ length: 11 }, (_, k) => 8 ** (k + 1));

/** Scores are limited to this many u from the first one. */
export const FARTHEST = 4e9;

/** A world and the logarithm of its weight. */
type Weighted = { world: World; logWeight: number };

/** The possible worlds, all equally likely. `calibrated`: whether u is known to be about right. */
export function possibleWorlds(calibrated: boolean): readonly Weighted[] {
  return calibrated ? CALIBRATED_WORLDS : GUESSED_WORLDS;
}

const CALIBRATED_WORLDS = worldsOf(CALIBRATED_NOISES);
const GUESSED_WORLDS = worldsOf(GUESSED_NOISES);

function worldsOf(noises: readonly number[]): Weighted[] {
  return noises.flatMap(noise =>
    HELPING_SHARES.flatMap(share =>
      SCALES.flatMap(scales => {
        const effects = effectsOf(noise, share, scales);
        return SEED_SHARES.flatMap(rho =>
          DRIFTS.map(drift => ({
            logWeight: 0,
            world: {
              noise,
              trialVariance: noise ** 2 * (1 - rho),
              seedVariance: noise ** 2 * rho,
              driftVariance: (drift * noise) ** 2,
              effects,
            },
          })),
        );
      }),
    ),
  );
}

/** The effects of ideas with this noise, this share of ideas that help, and these scales. */
function effectsOf(noise: number, helping: number, scales: readonly number[]): Effects {
  const bins: Bin[] = [];
  for (const effect of IDLE)
    bins.push({ mean: effect * noise, variance: 0, weight: IDLE_SHARE / IDLE.length, isFalse: true });
  const hurting = 1 - IDLE_SHARE - helping;
  for (const [i, mass] of binMasses(scales).entries()) {
    const [low, high] = [at(EDGES, i) * noise, at(EDGES, i + 1) * noise];
    const isFalse = at(EDGES, i + 1) <= LEAST_GAIN;
    bins.push(bin(-high, -low, mass * helping * (1 - FAR_SHARE.helping), isFalse));
    bins.push(bin(low, high, mass * hurting * (1 - FAR_SHARE.hurting), true));
  }
  for (let i = 0; i + 1 < FAR_EDGES.length; i++) {
    const [low, high, mass] = [at(FAR_EDGES, i), at(FAR_EDGES, i + 1), 0.5 ** (i + 1)];
    bins.push(bin(-high, -low, mass * helping * FAR_SHARE.helping, false));
    bins.push(bin(low, high, mass * hurting * FAR_SHARE.hurting, true));
  }
  return {
    mean: bins.map(bin => bin.mean),
    variance: bins.map(bin => bin.variance),
    weight: bins.map(bin => bin.weight),
    isFalse: bins.map(bin => (bin.isFalse ? 1 : 0)),
  };
}

interface Bin {
  mean: number;
  variance: number;
  weight: number;
  isFalse: boolean;
}

/** Effects from `low` to `high` as a normal distribution with the variance of a uniform one, width²/12. */
function bin(low: number, high: number, weight: number, isFalse: boolean): Bin {
  return { mean: (low + high) / 2, variance: (high - low) ** 2 / 12, weight, isFalse };
}

/** The share of each bin in the mixture of half-normal distributions, by Simpson's rule. The shares sum to 1. */
function binMasses(scales: readonly number[]): number[] {
  const density = (x: number) =>
    scales.reduce((sum, scale) => sum + Math.exp(-0.5 * (x / scale) ** 2) / scale, 0);
  const masses = EDGES.slice(1).map((high, i) => {
    const low = at(EDGES, i);
    return ((high - low) / 6) * (density(low) + 4 * density((low + high) / 2) + density(high));
  });
  const sum = masses.reduce((a, b) => a + b, 0);
  return masses.map(mass => mass / sum);
}
