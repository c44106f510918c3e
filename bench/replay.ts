/** Campaigns replayed with recorded learning curves: each first trial as it was recorded. */

import { bendsCurve } from '../src/campaign/evidence/previews.ts';
import { cannotWin, previewError, stoppedStep } from '../src/gate/early-stop.ts';
import type { Sample } from '../src/gate/filter.ts';
import { type GateRules, judgeKnowing } from '../src/gate/gate.ts';
import { type Knowledge, learn } from '../src/gate/knowledge.ts';
import { mean } from '../src/gate/mean.ts';
import type { Random } from '../src/sim/random.ts';
import { startWith } from './gate/campaigns.ts';

/** One recorded run: its score, and the mean training loss in equal parts of the budget (null: no step ended there). */
export interface Recorded {
  change: string;
  run: { value: number; curve: readonly (number | null)[] };
}

/** What ideas do, as far as the recordings say. Values in bits per byte. */
export interface World {
  /** Value and preview of each of the champion's runs, minus the means. */
  noise: readonly Pair[];
  /** Standard deviation of the champion's values. */
  deviation: number;
  champion: Pair;
  ideas: readonly Idea[];
}

interface Pair {
  value: number;
  preview: number;
}

interface Idea extends Pair {
  /** Its preview means something else than those of others. */
  bends: boolean;
  /** What it is assumed to add: its recorded effect, drawn towards 0. */
  effect: number;
}

export interface Outcome {
  /** Price of all trials, in whole ones. */
  spent: number;
  verdicts: number;
  stopped: number;
  /** True improvement. */
  gain: number;
  merges: number;
  helpful: { all: number; merged: number; stopped: number };
}

/** A true gain below this share of the noise counts as none, as for the gate. */
const LEAST_GAIN = 0.2;
/** The preview is the mean over this share of the budget, as in trainer/preview.py. */
const AVERAGED = 0.1;
const BASELINES = 3;

/** What the recordings say where previews are taken at a share of the budget. */
export function worldOf(recorded: readonly Recorded[], at: number): World {
  const pairs = recorded.map(({ change, run }) => ({
    change,
    value: run.value,
    preview: previewOf(run.curve, at),
  }));
  const own = pairs.filter(({ change }) => change === '');
  const tried = pairs.filter(({ change }) => change !== '');
  const champion = { value: mean(own.map(p => p.value)), preview: mean(own.map(p => p.preview)) };
  const variance = own.reduce((sum, p) => sum + (p.value - champion.value) ** 2, 0) / (own.length - 1);
  const effects = tried.map(p => p.value - champion.value);
  const spread = effects.reduce((sum, effect) => sum + effect ** 2, 0) / effects.length;
  const believed = Math.max(0, 1 - variance / spread);
  return {
    noise: own.map(p => ({ value: p.value - champion.value, preview: p.preview - champion.preview })),
    deviation: Math.sqrt(variance),
    champion,
    ideas: tried.map(({ change, value, preview }) => ({
      value,
      preview,
      effect: believed * (value - champion.value),
      bends: bendsCurve({ title: change, hypothesis: '', edits: [] }),
    })),
  };
}

function previewOf(curve: Recorded['run']['curve'], at: number): number {
  const [from, to] = [(at - AVERAGED) * curve.length, at * curve.length].map(Math.round);
  return mean(curve.slice(from, to).filter(loss => loss !== null));
}

/** One campaign through all ideas in random order; `at`: share of a trial's price at its preview, null: none is stopped. */
export function replay(random: Random, world: World, rules: GateRules, at: number | null): Outcome {
  const baselines = shuffled(random, world.noise)
    .slice(0, BASELINES)
    .map(({ value, preview }, seed) => ({
      seed,
      value: world.champion.value + value,
      preview: world.champion.preview + preview,
    }));
  const finished: Pair[] = [...baselines];
  let knowledge = startWith(baselines, rules);
  let level = 0;
  const outcome: Outcome = {
    spent: BASELINES,
    verdicts: 0,
    stopped: 0,
    gain: 0,
    merges: 0,
    helpful: { all: 0, merged: 0, stopped: 0 },
  };
  for (const idea of shuffled(random, world.ideas)) {
    const helps = Number(idea.effect < -LEAST_GAIN * world.deviation);
    outcome.verdicts++;
    outcome.helpful.all += helps;
    const preview = { seed: 0, value: level + idea.preview };
    const error = at !== null && !idea.bends ? previewError(finished, BASELINES) : null;
    if (at !== null && error && cannotWin(knowledge, preview, error, 1 - at, rules)) {
      knowledge = learn(knowledge, stoppedStep(preview, error));
      outcome.spent += at;
      outcome.stopped++;
      outcome.helpful.stopped += helps;
      continue;
    }
    const { samples, merged } = finish(random, world, knowledge, idea, level, rules);
    if (!idea.bends) finished.push({ preview: preview.value, value: level + idea.value });
    knowledge = learn(knowledge, { kind: 'experiment', samples, merged });
    outcome.spent += samples.length;
    if (!merged) continue;
    level += idea.effect;
    outcome.merges++;
    outcome.helpful.merged += helps;
  }
  return { ...outcome, gain: -level };
}

/** Tries an idea until the gate decides. */
function finish(
  random: Random,
  world: World,
  knowledge: Knowledge,
  idea: Idea,
  level: number,
  rules: GateRules,
): { samples: Sample[]; merged: boolean } {
  const samples = [{ seed: 0, value: level + idea.value }];
  for (;;) {
    const { kind } = judgeKnowing(knowledge, { samples, addedTokens: 0 }, rules);
    if (kind !== 'again') return { samples, merged: kind !== 'close' };
    const noise = world.noise[Math.floor(random.next() * world.noise.length)]?.value ?? 0;
    samples.push({ seed: samples.length, value: world.champion.value + level + idea.effect + noise });
  }
}

function shuffled<T>(random: Random, all: readonly T[]): T[] {
  return all
    .map(each => ({ each, key: random.next() }))
    .sort((a, b) => a.key - b.key)
    .map(({ each }) => each);
}
