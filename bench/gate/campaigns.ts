/** Simulated campaigns under the gate: ideas whose true effects are known, measured with noise. */
import { BASELINES, baselinesNeeded } from '../../src/gate/baselines.ts';
import { cannotWin, previewError, stoppedStep } from '../../src/gate/early-stop.ts';
import type { Sample } from '../../src/gate/filter.ts';
import { type GateRules, judgeKnowing, MOST_ASKED, stackToTry } from '../../src/gate/gate.ts';
import { type Knowledge, learn, type Step, scaleOf, startKnowledge } from '../../src/gate/knowledge.ts';
import { PREVIEW_AT } from '../../src/protocol/stop-bar.ts';
import type { Random } from '../../src/sim/random.ts';
import { type Idea, LEAST_GAIN, openLab, type World } from './worlds.ts';

/** Seeds that there are. */
const SEEDS = 10;

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
  /** Ideas whose true gain is LEAST_GAIN or more, and how many of them were merged. */
  helpful: { all: number; merged: number };
  stopped: number;
  /** Stacks of near misses. Their merges count above, too. */
  stacks: { tried: number; merged: number; falseMerges: number; expectedFalse: number };
  /** Trials of the champion itself. */
  championTrials: number;
}

export function nothingYet(): Outcome {
  return {
    gain: 0,
    merges: 0,
    falseMerges: 0,
    expectedFalse: 0,
    ideas: 0,
    helpful: { all: 0, merged: 0 },
    stopped: 0,
    stacks: { tried: 0, merged: 0, falseMerges: 0, expectedFalse: 0 },
    championTrials: 0,
  };
}

export interface Settings {
  trials: number;
  rules: GateRules;
  /** First trials that cannot win are stopped. */
  early?: boolean;
  /** Near misses are stacked. Default: true. */
  stacks?: boolean;
  /** Added to the first baseline. */
  firstOff?: number;
}

/** A campaign under the gate. */
export function runGate(
  random: Random,
  world: World,
  { trials, rules, early = false, stacks = true, firstOff = 0 }: Settings,
): Outcome {
  const lab = openLab(random, world);
  let champion = lab.first;
  const baselines = [0, 1, 2].map(k => lab.trial(champion, k));
  const [first] = baselines;
  if (first) baselines[0] = { ...first, value: first.value + firstOff };
  const needed = baselinesNeeded(
    baselines.map(({ value }) => value),
    rules.noise,
  );
  for (let k = BASELINES; k < needed; k++) baselines.push(lab.trial(champion, k));
  const finished = baselines.map(sample => ({ preview: lab.preview(sample).value, value: sample.value }));
  let knowledge = startWith(baselines, rules);
  let left = trials - needed;
  const outcome = { ...nothingYet(), championTrials: needed };
  /** Ideas by id, as long as they may become parts of a stack. */
  const ideas = new Map<string, Idea>();
  const judgeIn = (samples: readonly Sample[], parts: readonly string[], asked: number) =>
    judgeKnowing(knowledge, { samples, addedTokens: 0, parts, mayAskChampion: asked < MOST_ASKED }, rules);
  const judgeIt = (tried: readonly Idea[], parts: readonly string[], id: string) => {
    const tree = lab.edit(champion, tried);
    const samples: Sample[] = [];
    let verdict = null;
    let asked = 0;
    while (left >= 1 && (verdict === null || verdict.kind === 'again' || verdict.kind === 'champion')) {
      if (verdict?.kind === 'champion') {
        asked += 1;
        left -= 1;
        const again = lab.trial(champion, outcome.championTrials % SEEDS);
        outcome.championTrials += 1;
        knowledge = learn(knowledge, { kind: 'champion', samples: [again] });
        verdict = judgeIn(samples, parts, asked);
        continue;
      }
      const sample = lab.trial(tree, samples.length);
      const preview = lab.preview(sample);
      const error =
        early && samples.length === 0 && parts.length === 0 ? previewError(finished, needed) : null;
      if (error && cannotWin(knowledge, preview, error, 1 - PREVIEW_AT, rules)) {
        knowledge = learn(knowledge, stoppedStep(preview, error));
        left -= PREVIEW_AT;
        outcome.stopped += 1;
        break;
      }
      left -= 1;
      samples.push(sample);
      finished.push({ preview: preview.value, value: sample.value });
      verdict = judgeIn(samples, parts, asked);
    }
    const merged = verdict?.kind === 'merge' || verdict?.kind === 'hold';
    const effect = tree.level - champion.level;
    if (merged) {
      for (const idea of tried) lab.merged(idea);
      champion = tree;
    }
    knowledge = learn(knowledge, { kind: 'experiment', samples, merged, id, parts });
    return { effect, merged, doubt: verdict?.doubt ?? 0 };
  };
  while (left >= 1) {
    const parts = stacks ? stackToTry(knowledge) : [];
    if (parts.length > 0) {
      const { effect, merged, doubt } = judgeIt(
        parts.flatMap(part => ideas.get(part) ?? []),
        parts,
        `stack ${left}`,
      );
      outcome.stacks.tried += 1;
      if (!merged) continue;
      const isFalse = Number(-effect < LEAST_GAIN);
      for (const counts of [outcome, outcome.stacks]) {
        counts.expectedFalse += doubt;
        counts.falseMerges += isFalse;
      }
      outcome.stacks.merged += 1;
      outcome.merges += 1;
      continue;
    }
    const idea = lab.think();
    const id = String(outcome.ideas);
    ideas.set(id, idea);
    outcome.ideas += 1;
    const { merged, doubt } = judgeIt([idea], [], id);
    count(outcome, idea.effect, merged, doubt);
  }
  return { ...outcome, gain: -champion.level };
}

/** What the gate knows after the champion's own trials. */
export function startWith(samples: Sample[], rules: GateRules): Knowledge {
  const baselines: Step = { kind: 'champion', samples };
  return learn(startKnowledge(scaleOf([baselines], rules.goal, rules.noise, [])), baselines);
}

/** Counts a verdict on an idea. */
export function count(outcome: Outcome, effect: number, merged: boolean, doubt = 0): void {
  const helps = -effect >= LEAST_GAIN;
  if (helps) outcome.helpful.all += 1;
  if (!merged) return;
  outcome.merges += 1;
  outcome.expectedFalse += doubt;
  if (helps) outcome.helpful.merged += 1;
  else outcome.falseMerges += 1;
}
