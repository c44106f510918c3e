import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runGate } from '../../bench/gate/campaigns.ts';
import { createRandom } from '../sim/random.ts';
import { at } from './element.ts';
import { observe, predict, type Test, worldWeights } from './filter.ts';
import { type GateRules, pricesOf } from './gate.ts';
import { learn, scaleOf, startKnowledge, testOf } from './knowledge.ts';
import { anotherTrialPays, assess } from './worth.ts';

const RULES: GateRules = { goal: 'minimize', rule: 'bayes', falseMerges: 0.1, maxTrials: 3, noise: null };

test('the share of false merges is what the stated doubts predict, within sampling error', () => {
  // A fifth of the noise is 0.0001 here, the simulation's limit for a false merge.
  const world = { name: 'tuned', noise: { seed: 0, tree: 0, own: 0.0005 } };
  const outcomes = Array.from({ length: 24 }, (_, i) =>
    runGate(createRandom(501 + i), world, { trials: 125, rules: RULES }),
  );
  const total = (key: 'merges' | 'falseMerges' | 'expectedFalse') =>
    outcomes.reduce((sum, outcome) => sum + outcome[key], 0);
  const merges = total('merges');
  const expected = total('expectedFalse') / merges;
  const error = Math.sqrt((expected * (1 - expected)) / merges);
  assert.ok(merges > 100, `${merges} merges`);
  assert.ok(
    Math.abs(total('falseMerges') / merges - expected) < 3 * error,
    `${total('falseMerges')} of ${merges}, ${expected}`,
  );
});

test('the share of false merges stays near the accepted share, and decreases with it', () => {
  const world = { name: 'tuned', noise: { seed: 0, tree: 0, own: 0.0005 } };
  const shareAt = (falseMerges: number) => {
    const outcomes = Array.from({ length: 24 }, (_, i) =>
      runGate(createRandom(701 + i), world, { trials: 125, rules: { ...RULES, falseMerges } }),
    );
    const merges = outcomes.reduce((sum, outcome) => sum + outcome.merges, 0);
    const share = outcomes.reduce((sum, outcome) => sum + outcome.falseMerges, 0) / merges;
    const error = Math.sqrt((falseMerges * (1 - falseMerges)) / merges);
    assert.ok(share < falseMerges + 3 * error, `${share} of ${merges} at ${falseMerges}`);
    return share;
  };
  const shares = [0.02, 0.1, 0.4].map(shareAt);
  assert.deepEqual(
    shares,
    shares.toSorted((a, b) => a - b),
  );
  assert.ok(at(shares, 2) > 2 * at(shares, 0), shares.join(' '));
});

test('a calibrated noise is not used if the trials contradict it', () => {
  const outcomes = Array.from({ length: 24 }, (_, i) =>
    runGate(
      createRandom(901 + i),
      { name: 'tuned', noise: { seed: 0, tree: 0, own: 0.0005 } },
      { trials: 125, rules: { ...RULES, noise: 0.000_06 } },
    ),
  );
  const merges = outcomes.reduce((sum, outcome) => sum + outcome.merges, 0);
  const share = outcomes.reduce((sum, outcome) => sum + outcome.falseMerges, 0) / merges;
  assert.ok(share < 0.1 + 3 * Math.sqrt(0.09 / merges), `${share} of ${merges}`);
});

test('looking ahead agrees with a Monte Carlo simulation of the next trial', () => {
  const random = createRandom(7);
  const rules = { ...RULES, noise: 1 };
  const baselines = {
    kind: 'champion',
    samples: [0, 0.8, -0.8].map((value, seed) => ({ seed, value })),
  } as const;
  const knowledge = learn(startKnowledge(scaleOf([baselines], 'minimize', 1, [])), baselines);
  for (const first of [-1.5, -3]) {
    const tested = testOf(knowledge, [{ seed: 0, value: first }]);
    const assessment = assess(tested, pricesOf(rules));
    const worths = Array.from({ length: 800 }, () => {
      const next = observe(tested, {
        seed: 1,
        value: drawNext(
          tested,
          1,
          () => random.next(),
          () => random.normal(),
        ),
      });
      // Looking ahead uses the current noise, so the price of a false merge is fixed.
      const { gain, doubt } = assess(next, pricesOf(rules));
      return Math.max(
        0,
        gain - pricesOf(rules).falseMergePrice * assessment.noise * (doubt - rules.falseMerges),
      );
    });
    const mean = worths.reduce((sum, worth) => sum + worth, 0) / worths.length;
    const error = Math.sqrt(worths.reduce((sum, w) => sum + (w - mean) ** 2, 0)) / worths.length;
    const breakEven = (mean - Math.max(0, assessment.worth)) / assessment.noise;
    const pays = (trialPrice: number) =>
      anotherTrialPays(tested, 'idea', [1], { ...pricesOf(rules), trialPrice }, assessment);
    assert.equal(pays(breakEven - (4 * error) / assessment.noise), true, String(first));
    assert.equal(pays(breakEven + (4 * error) / assessment.noise), false, String(first));
  }
});

/** Draws a score for the idea's next trial on component `seed` + 1 from the belief. */
function drawNext(test: Test, seed: number, uniform: () => number, normal: () => number): number {
  const pick = (weights: readonly number[]) => {
    let left = uniform();
    for (let i = 0; i < weights.length; i++) {
      left -= at(weights, i);
      if (left <= 0) return i;
    }
    return weights.length - 1;
  };
  const cell = test.cells[pick(worldWeights(test.cells))];
  if (!cell) throw new RangeError('Expected at least one world.');
  const { center, gradient, trialVariance } = predict(cell, 'idea', [seed + 1]);
  const j = pick(cell.weight);
  const effect = at(cell.effect, j) + Math.sqrt(at(cell.variance, j)) * normal();
  return center + gradient * effect + Math.sqrt(trialVariance) * normal();
}
