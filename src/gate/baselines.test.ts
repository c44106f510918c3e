import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runGate } from '../../bench/gate/campaigns.ts';
import { createRandom } from '../sim/random.ts';
import { baselinesNeeded, undisturbed } from './baselines.ts';
import type { GateRules } from './gate.ts';

const RULES: GateRules = { goal: 'minimize', rule: 'bayes', falseMerges: 0.1, maxTrials: 4, noise: null };
const scored = (values: number[]) => values.map((value, seed) => ({ seed, value }));

test('a champion gets two more trials where one of the first three stands apart, and no others', () => {
  assert.equal(baselinesNeeded([], null), 3);
  assert.equal(baselinesNeeded([1, 1.002], null), 3);
  assert.equal(baselinesNeeded([1, 1.002, 0.999], null), 3);
  assert.equal(baselinesNeeded([1, 1.002, 1.05], null), 5);
  assert.equal(baselinesNeeded([0.95, 1.002, 1], null), 5);
  assert.equal(baselinesNeeded([1, 1, 1], null), 3, 'a metric without noise');
  assert.equal(baselinesNeeded([1, 1, 2], null), 5);
  assert.equal(baselinesNeeded([1, 1.002, 1.05, 1.001, 0.999], null), 5, 'the first three decide');
  assert.equal(baselinesNeeded([1, 1.0001, 1.003], 0.001), 3, 'no further than the noise goes');
  assert.equal(baselinesNeeded([1, 1.0001, 1.005], 0.001), 5);
});

test('a trial far from the others is dropped, once there are enough of them to tell', () => {
  const values = (given: number[]) => undisturbed(scored(given)).map(({ value }) => value);
  assert.deepEqual(values([1, 1.002, 1.05]), [1, 1.002, 1.05]);
  assert.deepEqual(values([1.05, 1.002, 1, 0.999, 1.001]), [1.002, 1, 0.999, 1.001]);
  assert.deepEqual(values([1, 1.003, 0.997, 1.001, 0.999]), [1, 1.003, 0.997, 1.001, 0.999]);
  assert.deepEqual(values([1, 1, 1, 1, 1]), [1, 1, 1, 1, 1]);
});

test('one disturbed baseline does not cost a campaign its improvements', () => {
  const gainWith = (sigmas: number) => {
    const world = { name: 'tuned', noise: { seed: 0, tree: 0, own: 0.0005 } };
    const gains = Array.from({ length: 12 }, (_, i) => {
      const settings = { trials: 125, rules: RULES, firstOff: sigmas * 0.0005 };
      return runGate(createRandom(301 + i), world, settings).gain;
    });
    return gains.reduce((sum, gain) => sum + gain, 0);
  };
  const undisturbedGain = gainWith(0);
  for (const sigmas of [20, -20, 100])
    assert.ok(
      gainWith(sigmas) > 0.7 * undisturbedGain,
      `${sigmas}σ: ${gainWith(sigmas)} of ${undisturbedGain}`,
    );
});
