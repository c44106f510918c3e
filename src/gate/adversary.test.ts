/** Ideas whose numbers somebody chose: they may lose, or win, but never make the gate blind for what comes after them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom, type Random } from '../sim/random.ts';
import { knowledgeOf } from './fold.ts';
import { type GateRules, judge } from './gate.ts';
import { type Step, scaleOf } from './knowledge.ts';

const RULES: GateRules = { goal: 'minimize', rule: 'bayes', falseMerges: 0.1, maxTrials: 4, noise: null };
const NOISE = 0.002;
const CAMPAIGNS = 15;
const MOST_IDEAS = 10;

/** The numbers of an idea on the champion at `level`: trial by trial. */
type Adversary = (random: Random, level: number) => (trial: number) => number;

const ADVERSARIES: Record<string, Adversary> = {
  'good on one seed, broken on the next': (_, level) => k =>
    k % 2 === 0 ? level - 3 * NOISE : level + 1000 * NOISE,
  'good on one seed, beyond all bounds on the next': (_, level) => k =>
    k % 2 === 0 ? level - 3 * NOISE : 1e300,
  'always the same': (random, level) => {
    const value = level + NOISE * random.normal();
    return () => value;
  },
  'nearly always the same': (random, level) => {
    const value = level + NOISE * random.normal();
    return () => value + 0.01 * NOISE * random.normal();
  },
  'scattered as widely as may be taught': (random, level) => () =>
    level + 3 * NOISE * (random.next() < 0.5 ? -1 : 1),
  'of any size': (random, level) => () =>
    level + NOISE * 10 ** (300 * random.next() ** 4 - 2) * (random.next() < 0.2 ? -1 : 1),
};

/** Takes trials until there is a verdict. */
function tried(history: readonly Step[], value: (trial: number) => number) {
  const samples: { seed: number; value: number }[] = [];
  for (let k = 0; ; k++) {
    samples.push({ seed: k + 1, value: value(k) });
    const { kind } = judge(history, { samples, addedTokens: 0 }, RULES);
    if (kind !== 'again') return { kind, samples };
  }
}

for (const [name, adversary] of Object.entries(ADVERSARIES))
  test(`after ten ideas that are ${name}, one that is ten noises better is still merged`, () => {
    for (let seed = 1; seed <= CAMPAIGNS; seed++) {
      const random = createRandom(seed);
      let level = 1;
      const around = (middle: number) => () => middle + NOISE * random.normal();
      const history: Step[] = [
        { kind: 'champion', samples: [1, 2, 3].map(k => ({ seed: k, value: around(level)() })) },
      ];
      for (let idea = 0; idea < MOST_IDEAS; idea++) {
        const { kind, samples } = tried(history, adversary(random, level));
        history.push({ kind: 'experiment', samples, merged: kind === 'merge' });
        // What was merged is what it was measured to be.
        if (kind === 'merge') level = samples.reduce((sum, { value }) => sum + value, 0) / samples.length;
        const { belief } = knowledgeOf(history, scaleOf(history, 'minimize', null, []));
        for (const { logWeight, mean, covariance } of belief.cells)
          assert.ok([logWeight, ...mean, ...covariance].every(Number.isFinite), `seed ${seed}`);
      }
      const { kind } = tried(history, around(level - 10 * NOISE));
      assert.ok(kind === 'merge' || kind === 'hold', `seed ${seed}: ${kind}`);
    }
  });
