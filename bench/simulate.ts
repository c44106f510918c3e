/** Simulated campaigns: ideas with known effects, measured with noise, judged by a rule. */
import type { Sample } from '../src/campaign/filter.ts';
import { type GateRules, judgeKnowing } from '../src/campaign/gate.ts';
import { type Knowledge, learn, type Step, scaleOf, startKnowledge } from '../src/campaign/knowledge.ts';
import type { Random } from './random.ts';

/** Where the noise of a trial comes from: standard deviations in the metric's unit. */
export interface Noise {
  /** What a seed adds to every tree. */
  seed: number;
  /** What a seed adds to one tree alone: every edit redraws it. */
  tree: number;
  /** What is new in every trial. */
  own: number;
}

/** What became of one campaign. Gains are in the metric's unit. */
export interface Outcome {
  /** True improvement of the last champion over the first. */
  gain: number;
  merges: number;
  /** Merges whose true gain is under LEAST_GAIN. */
  falseMerges: number;
  /** Sum of the doubts of what was merged: the false merges that the rule expected. */
  expectedFalse: number;
  ideas: number;
  trials: number;
}

/** A true gain under this is none. */
export const LEAST_GAIN = 1e-4;
/** Seeds of a campaign; the champion is measured once on each before the first idea. */
export const SEEDS = 3;

/** One idea's true effect: 10 % help and 65 % hurt (half-normal, 0.0015), 25 % do nothing (0.00005). Negative helps. */
export function drawEffect(random: Random): number {
  const kind = random.uniform();
  const size = random.normal();
  if (kind < 0.1) return -Math.abs(size) * 0.0015;
  return kind < 0.35 ? size * 0.00005 : Math.abs(size) * 0.0015;
}

/** A tree and what it scores. */
export interface Tree {
  level: number;
  /** What each seed adds to this tree alone. */
  own: readonly number[];
}

/** Trials of trees in one campaign. */
export interface Lab {
  first: Tree;
  edit(champion: Tree, effect: number): Tree;
  trial(tree: Tree, index: number): Sample;
}

/** A lab with seeds of its own. */
export function openLab(random: Random, noise: Noise): Lab {
  const draws = (deviation: number) => Array.from({ length: SEEDS }, () => deviation * random.normal());
  const seeds = draws(noise.seed);
  return {
    first: { level: 0, own: draws(noise.tree) },
    edit: ({ level }, effect) => ({ level: level + effect, own: draws(noise.tree) }),
    trial({ level, own }, index) {
      const seed = index % SEEDS;
      const value = level + (seeds[seed] ?? 0) + (own[seed] ?? 0) + noise.own * random.normal();
      return { seed, value };
    },
  };
}

/** A campaign under the gate of the product. */
export function runGate(random: Random, noise: Noise, trials: number, rules: GateRules): Outcome {
  const lab = openLab(random, noise);
  let champion = lab.first;
  const baselines: Step = { kind: 'champion', samples: [0, 1, 2].map(k => lab.trial(champion, k)) };
  let knowledge: Knowledge = learn(startKnowledge(scaleOf([baselines], rules.goal, rules.noise, [])), baselines);
  const outcome: Outcome = { gain: 0, merges: 0, falseMerges: 0, expectedFalse: 0, ideas: 0, trials: SEEDS };
  while (outcome.trials < trials) {
    const effect = drawEffect(random);
    const tree = lab.edit(champion, effect);
    const samples: Sample[] = [];
    let verdict = null;
    while (outcome.trials < trials && (!verdict || verdict.kind === 'again')) {
      samples.push(lab.trial(tree, samples.length));
      outcome.trials += 1;
      verdict = judgeKnowing(knowledge, { samples, addedTokens: 0 }, rules);
    }
    outcome.ideas += 1;
    const merged = verdict?.kind === 'merge' || verdict?.kind === 'hold';
    if (merged) {
      outcome.merges += 1;
      outcome.expectedFalse += verdict?.doubt ?? 0;
      if (-effect < LEAST_GAIN) outcome.falseMerges += 1;
      champion = tree;
    }
    knowledge = learn(knowledge, { kind: 'experiment', samples, merged });
  }
  return { ...outcome, gain: -champion.level };
}
