/** What is known of the champion's level: it moves, it may be asked for, and one bad trial of it does not spoil it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type GateRules, judge } from './gate.ts';
import type { Step } from './knowledge.ts';

const RULES: GateRules = { goal: 'minimize', rule: 'bayes', falseMerges: 0.1, maxTrials: 3, noise: 0.002 };

const samples = (...values: number[]) => values.map((value, seed) => ({ seed, value }));
const champion = (...values: number[]): Step => ({ kind: 'champion', samples: samples(...values) });
const again = (value: number): Step => ({ kind: 'champion', samples: [{ seed: 3, value }] });
const lost = (...values: number[]): Step => ({
  kind: 'experiment',
  samples: samples(...values),
  merged: false,
});
const BASELINES = champion(1.0, 1.002, 0.998);
/** Three trials that are better than the baselines by 1.5 noises. */
const PROMISING = [0.997, 0.998, 0.996];

function verdict(values: readonly number[], history: readonly Step[], mayAskChampion = true) {
  return judge(history, { samples: samples(...values), addedTokens: 0, mayAskChampion }, RULES);
}

test('an idea that has no trials left has the champion measured again, if that may decide', () => {
  assert.equal(verdict(PROMISING, [BASELINES]).kind, 'champion');
  assert.equal(verdict(PROMISING, [BASELINES, again(1.004), again(1.003)], false).kind, 'merge');
  assert.equal(verdict(PROMISING, [BASELINES, again(0.997), again(0.996)], false).kind, 'close');
});

test('the champion is not measured for what is clear, nor where it may not be', () => {
  assert.equal(verdict([0.99, 0.991, 0.989], [BASELINES]).kind, 'merge');
  assert.equal(verdict([1.004], [BASELINES]).kind, 'close');
  for (const values of [PROMISING, [0.995, 0.996, 0.994]])
    assert.notEqual(verdict(values, [BASELINES], false).kind, 'champion');
});

test('a champion on a machine that drifts is not compared with what it scored at first', () => {
  const offsets = [-0.002, 0.001, -0.001, 0.002, 0];
  const ideas = (drift: number) =>
    Array.from({ length: 60 }, (_, i) => lost(1.0005 + (drift * i) / 60 + (offsets[i % 5] ?? 0)));
  const late = [0.9935, 0.9945, 0.994];
  const still = verdict(late, [BASELINES, ...ideas(0)], false);
  assert.equal(still.kind, 'merge');
  assert.ok(still.doubt < 0.05, String(still.doubt));
  const drifting = verdict(late, [BASELINES, ...ideas(-0.006)], false);
  assert.equal(drifting.kind, 'close');
  assert.ok(drifting.doubt > 0.5, String(drifting.doubt));
  // Where the load rises, everything looks worse, and what is as good as before is no longer closed as worse.
  const rising = verdict([1.001, 1.002, 1.0], [BASELINES, ...ideas(0.006)], false);
  assert.ok(rising.gain > 0.002, String(rising.gain));
});

test('one trial of the champion that is far off does not count, and two that agree do', () => {
  const before = [BASELINES, lost(1.01)];
  const values = [0.995, 0.994, 0.9945];
  const usual = verdict(values, before);
  for (const off of [1.2, 0.8]) {
    const { gain, noise } = verdict(values, [...before, again(off)]);
    assert.deepEqual([gain, noise], [usual.gain, usual.noise], 'as if it had not been taken');
    const next = verdict(values, [...before, again(off), again(1.0)]);
    assert.ok(Math.abs(next.gain - 0.005) < 0.001, String(next.gain));
    const moved = verdict(
      [off - 0.05, off - 0.049, off - 0.051],
      [...before, again(off), again(off + 0.001)],
    );
    assert.ok(Math.abs(moved.gain - 0.05) < 0.002, String(moved.gain));
    assert.ok(moved.noise < 1.5 * usual.noise, 'a level that moved is no noise');
  }
});

test('a trial pays if two together do', () => {
  const history = [BASELINES, lost(1.003), lost(1.001), lost(1.004)];
  assert.equal(verdict([0.9976], history).kind, 'again', 'the next trial alone would not change the verdict');
  assert.equal(verdict([0.9985], history).kind, 'close');
});
