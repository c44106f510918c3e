/** Simulated worlds: what ideas do there, and what trials say of it. */
import type { Sample } from '../../src/gate/filter.ts';
import type { Random } from '../../src/sim/random.ts';

/** Where the noise of a trial comes from: standard deviations in the metric's unit. */
interface Noise {
  /** What a seed adds to every tree. */
  seed: number;
  /** What a seed adds to one tree alone: every edit draws it again. */
  tree: number;
  /** What is new in every trial. */
  own: number;
  /** Whether `own` is drawn from Student's distribution with three degrees of freedom, of the same standard deviation. */
  heavy?: boolean;
  /** Share of trials that something disturbs, and what that adds. */
  outliers?: { share: number; adds: number };
  /** What each trial adds to all later ones. */
  drift?: number;
}

export interface World {
  name: string;
  noise: Noise;
  /** Share of ideas that help; a quarter do nothing, the rest hurt. Default: 10%. */
  help?: number;
  /** Scale of the effects, half-normal. Default: 0.0015. */
  size?: number;
  /** Ideas belong to this many families; each merge of one halves what the others of its family can gain. */
  families?: number;
  /** The share of the sum of its parts' effects that a stack has. Default: 1. */
  together?: number;
}

const HALF: Noise = { seed: 0, tree: 0, own: 0.0005 };

export const WORLDS: readonly World[] = [
  { name: 'tuned: noise 0.0005', noise: HALF },
  { name: '30% help', noise: HALF, help: 0.3 },
  { name: '0.5% help', noise: HALF, help: 0.005 },
  { name: 'noise 0.002', noise: { ...HALF, own: 0.002 } },
  { name: 'outliers', noise: { ...HALF, outliers: { share: 0.05, adds: 0.05 } } },
  { name: 'heavy tails', noise: { ...HALF, heavy: true } },
  { name: 'drift', noise: { ...HALF, drift: -0.00001 } },
  { name: 'vanishing', noise: HALF, help: 0.3, families: 12 },
  { name: 'noise 0.0003', noise: { ...HALF, own: 0.0003 } },
  { name: 'noise 0.0007', noise: { ...HALF, own: 0.0007 } },
  { name: 'seeds share 0.0004', noise: { seed: 0.0004, tree: 0, own: 0.0003 } },
  { name: 'edits redraw 0.0004', noise: { seed: 0, tree: 0.0004, own: 0.0003 } },
  { name: 'effects 0.0005', noise: HALF, size: 0.0005 },
  { name: 'effects 0.0005, 20% help', noise: HALF, size: 0.0005, help: 0.2 },
  { name: 'effects 0.0003, 20% help', noise: HALF, size: 0.0003, help: 0.2 },
  { name: 'parts interact', noise: HALF, size: 0.0005, help: 0.1, together: 0.5 },
];

/** A true gain under this is none. */
export const LEAST_GAIN = 1e-4;
/** Share of ideas that do nothing, and the standard deviation of what they do. */
const IDLE = { share: 0.25, size: 0.00005 };
/** Seeds that there are, at least as many as trials of one idea. */
const SEEDS = 10;
/** A preview's error: normal, `noises` times as wide as the noise; for the share of ideas whose curves cross, another 0.003 is added. */
const PREVIEW = { noises: 2, crossing: 0.2, crossed: 0.003 };

/** A tree: what it truly scores, and what each seed adds to it alone. */
export interface Tree {
  level: number;
  own: readonly number[];
}

/** An idea: its true effect (negative helps), and its family. */
export interface Idea {
  effect: number;
  family: number;
}

export interface Lab {
  first: Tree;
  /** The next idea. */
  think(): Idea;
  /** The tree with these ideas on it. */
  edit(tree: Tree, ideas: readonly Idea[]): Tree;
  /** A merge of this idea. */
  merged(idea: Idea): void;
  trial(tree: Tree, seed: number): Sample;
  preview(sample: Sample): Sample;
}

/** Where trees are made and measured. */
export function openLab(random: Random, world: World): Lab {
  const { noise, help = 0.1, size = 0.0015, families, together = 1 } = world;
  const draws = (deviation: number) => Array.from({ length: SEEDS }, () => deviation * random.normal());
  const seeds = draws(noise.seed);
  const total = Math.hypot(noise.seed, noise.tree, noise.own);
  const merges = new Map<number, number>();
  let drifted = 0;
  const own = () => {
    if (!noise.heavy) return noise.own * random.normal();
    const chi = random.normal() ** 2 + random.normal() ** 2 + random.normal() ** 2;
    return (noise.own * random.normal()) / Math.sqrt(chi);
  };
  return {
    first: { level: 0, own: draws(noise.tree) },
    think() {
      const kind = random.next();
      const drawn = random.normal();
      const family = families === undefined ? 0 : random.whole(1, families);
      const left = 0.5 ** (merges.get(family) ?? 0);
      if (kind < help) return { effect: -Math.abs(drawn) * size * left, family };
      const effect = kind < help + IDLE.share ? drawn * IDLE.size : Math.abs(drawn) * size;
      return { effect, family };
    },
    edit({ level }, ideas) {
      const sum = ideas.reduce((all, { effect }) => all + effect, 0);
      const change = ideas.length > 1 ? together * sum : sum;
      return { level: level + change, own: draws(noise.tree) };
    },
    merged({ family }) {
      if (families !== undefined) merges.set(family, (merges.get(family) ?? 0) + 1);
    },
    trial(tree, seed) {
      const { outliers, drift = 0 } = noise;
      drifted += drift;
      const disturbed = outliers && random.next() < outliers.share ? outliers.adds : 0;
      const value = tree.level + (seeds[seed] ?? 0) + (tree.own[seed] ?? 0) + own() + disturbed + drifted;
      return { seed, value };
    },
    preview({ seed, value }) {
      const crosses = random.next() < PREVIEW.crossing;
      const error =
        PREVIEW.noises * total * random.normal() + (crosses ? PREVIEW.crossed * random.normal() : 0);
      return { seed, value: value + error };
    },
  };
}
