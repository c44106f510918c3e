/** Simulated campaigns: ideas whose true effects are known, measured with noise, judged by a rule. */
import { cannotWin, previewError, stoppedStep } from '../src/gate/early-stop.ts';
import type { Sample } from '../src/gate/filter.ts';
import { type GateRules, judgeKnowing } from '../src/gate/gate.ts';
import { type Knowledge, learn, type Step, scaleOf, startKnowledge } from '../src/gate/knowledge.ts';
import { PREVIEW_AT } from '../src/protocol/stop-bar.ts';
import type { Random } from '../src/sim/random.ts';

/** Where the noise of a trial comes from: standard deviations in the metric's unit. */
export interface Noise {
  /** What a seed adds to every tree. */
  seed: number;
  /** What a seed adds to one tree alone: every edit draws it again. */
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
  /** The false merges that the rule expected: the sum of its doubts. */
  expectedFalse: number;
  ideas: number;
  stopped: number;
}

/** A true gain under this is none. */
const LEAST_GAIN = 1e-4;
/** Trials of the champion before the first idea. */
const BASELINES = 3;
/** Seeds that there are, at least as many as trials of one idea. */
const SEEDS = 10;
/** A preview's error: normal, `noises` times as wide as the noise; for the share of ideas whose curves cross, another 0.003 is added. */
const PREVIEW = { noises: 2, crossing: 0.2, crossed: 0.003 };

/** One idea's true effect: 10 % help and 65 % hurt (half-normal, 0.0015), 25 % do nothing (0.00005). Negative helps. */
function drawEffect(random: Random): number {
  const kind = random.next();
  const size = random.normal();
  if (kind < 0.1) return -Math.abs(size) * 0.0015;
  return kind < 0.35 ? size * 0.00005 : Math.abs(size) * 0.0015;
}

/** A tree: what it truly scores, and what each seed adds to it alone. */
interface Tree {
  level: number;
  own: readonly number[];
}

/** Where trees are made and measured. */
function openLab(random: Random, noise: Noise) {
  const draws = (deviation: number) => Array.from({ length: SEEDS }, () => deviation * random.normal());
  const seeds = draws(noise.seed);
  const total = Math.hypot(noise.seed, noise.tree, noise.own);
  return {
    first: { level: 0, own: draws(noise.tree) },
    edit: ({ level }: Tree, effect: number): Tree => ({ level: level + effect, own: draws(noise.tree) }),
    trial({ level, own }: Tree, seed: number): Sample {
      const value = level + (seeds[seed] ?? 0) + (own[seed] ?? 0) + noise.own * random.normal();
      return { seed, value };
    },
    preview({ seed, value }: Sample): Sample {
      const crosses = random.next() < PREVIEW.crossing;
      const error =
        PREVIEW.noises * total * random.normal() + (crosses ? PREVIEW.crossed * random.normal() : 0);
      return { seed, value: value + error };
    },
  };
}

/** A campaign of `trials` under the gate; `early`: first trials that cannot win are stopped. */
export function runGate(
  random: Random,
  noise: Noise,
  trials: number,
  rules: GateRules,
  early: boolean,
): Outcome {
  const lab = openLab(random, noise);
  let champion: Tree = lab.first;
  const baselines = [0, 1, 2].map(k => lab.trial(champion, k));
  const finished = baselines.map(sample => ({ preview: lab.preview(sample).value, value: sample.value }));
  let knowledge = startWith(baselines, rules);
  let left = trials - BASELINES;
  const outcome: Outcome = { gain: 0, merges: 0, falseMerges: 0, expectedFalse: 0, ideas: 0, stopped: 0 };
  while (left >= 1) {
    const effect = drawEffect(random);
    const tree = lab.edit(champion, effect);
    const samples: Sample[] = [];
    let verdict = null;
    outcome.ideas += 1;
    while (left >= 1 && (verdict === null || verdict.kind === 'again')) {
      const sample = lab.trial(tree, samples.length);
      const preview = lab.preview(sample);
      const error = early && samples.length === 0 ? previewError(finished, BASELINES) : null;
      if (error && cannotWin(knowledge, preview, error, 1 - PREVIEW_AT, rules)) {
        knowledge = learn(knowledge, stoppedStep(preview, error));
        left -= PREVIEW_AT;
        outcome.stopped += 1;
        break;
      }
      left -= 1;
      samples.push(sample);
      finished.push({ preview: preview.value, value: sample.value });
      verdict = judgeKnowing(knowledge, { samples, addedTokens: 0 }, rules);
    }
    const merged = verdict?.kind === 'merge' || verdict?.kind === 'hold';
    if (merged) {
      count(outcome, effect, verdict?.doubt ?? 0);
      champion = tree;
    }
    knowledge = learn(knowledge, { kind: 'experiment', samples, merged });
  }
  return { ...outcome, gain: -champion.level };
}

/** What the gate knows after the champion's own trials. */
export function startWith(samples: Sample[], rules: GateRules): Knowledge {
  const baselines: Step = { kind: 'champion', samples };
  return learn(startKnowledge(scaleOf([baselines], rules.goal, rules.noise, [])), baselines);
}

/**
 * A campaign under a simple rule: lower than the champion's number is better. Greedy (`confirmations` 0) merges that at once;
 * otherwise that many further trials have to be lower as well, and the mean of all is the champion's number from then on.
 */
export function runSimple(random: Random, noise: Noise, trials: number, confirmations: number): Outcome {
  const lab = openLab(random, noise);
  let champion: Tree = lab.first;
  let bar = lab.trial(champion, 0).value;
  let left = trials - 1;
  const outcome: Outcome = { gain: 0, merges: 0, falseMerges: 0, expectedFalse: 0, ideas: 0, stopped: 0 };
  while (left >= 1) {
    const effect = drawEffect(random);
    const tree = lab.edit(champion, effect);
    const values: number[] = [];
    while (left >= 1 && values.length <= confirmations && values.every(value => value < bar)) {
      values.push(lab.trial(tree, values.length).value);
      left -= 1;
    }
    outcome.ideas += 1;
    if (values.length <= confirmations || !values.every(value => value < bar)) continue;
    count(outcome, effect, 0);
    champion = tree;
    bar = values.reduce((sum, value) => sum + value, 0) / values.length;
  }
  return { ...outcome, gain: -champion.level };
}

function count(outcome: Outcome, effect: number, doubt: number): void {
  outcome.merges += 1;
  outcome.expectedFalse += doubt;
  if (-effect < LEAST_GAIN) outcome.falseMerges += 1;
}
