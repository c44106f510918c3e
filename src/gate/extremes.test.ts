/** Whatever numbers may be measured, what is believed is a number, and a better idea still wins. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type PreviewError, previewError, stopBar, stoppedStep } from './early-stop.ts';
import { worldWeights } from './filter.ts';
import { knowledgeOf } from './fold.ts';
import { type GateRules, judge, worstPromising } from './gate.ts';
import { type Step, scaleOf } from './knowledge.ts';

/** As large and as small as src/protocol/measurement.ts lets numbers be. */
const EXTREMES = [
  0,
  -0,
  5e-324,
  -5e-324,
  1e-300,
  1e-150,
  1e-20,
  1,
  1 + Number.EPSILON,
  -1,
  3.5,
  1e9,
  1e20,
  -1e20,
];

function randomFrom(seed: number) {
  let state = seed;
  return (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function historyOf(random: (below: number) => number, error: PreviewError | null): Step[] {
  const value = () => EXTREMES[random(EXTREMES.length)] ?? 0;
  const around = value();
  const usual = () => (random(3) === 0 ? value() : around);
  const samples = () => Array.from({ length: 1 + random(4) }, (_, seed) => ({ seed, value: usual() }));
  const steps: Step[] = [{ kind: 'champion', samples: samples() }];
  for (let i = 0; i < 12; i++) {
    const kind = random(8);
    if (kind === 0) steps.push({ kind: 'moved' });
    else if (kind === 1) steps.push({ kind: 'champion', samples: samples() });
    else if (kind < 4 && error) steps.push(stoppedStep({ seed: random(4), value: value() }, error));
    else steps.push({ kind: 'experiment', samples: samples(), merged: random(3) === 0 });
  }
  return steps;
}

test('beliefs are numbers after any history', () => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = randomFrom(seed);
    const value = () => EXTREMES[random(EXTREMES.length)] ?? 0;
    const error = previewError(
      Array.from({ length: 5 + random(4) }, () => ({ preview: value(), value: value() })),
    );
    const rules: GateRules = {
      goal: random(2) === 0 ? 'minimize' : 'maximize',
      rule: 'bayes',
      falseMerges: 0.1,
      maxTrials: 4,
      noise: random(3) === 0 ? Math.abs(value()) || 0.01 : null,
    };
    const history = historyOf(random, error);
    const where = `seed ${seed}: ${JSON.stringify({ rules, error, history })}`;
    const knowledge = knowledgeOf(history, scaleOf(history, rules.goal, rules.noise, []));
    for (const { mean, covariance } of knowledge.belief.cells)
      for (const number of [...mean, ...covariance]) assert.ok(Number.isFinite(number), where);
    const weights = worldWeights(knowledge.belief.cells);
    assert.ok(Math.abs(weights.reduce((a, b) => a + b, 0) - 1) < 1e-6, where);
    for (const effect of knowledge.effects) assert.ok(Number.isFinite(effect), where);
    const samples = Array.from({ length: 1 + random(3) }, (_, k) => ({ seed: k, value: value() }));
    const { gain, noise, doubt } = judge(history, { samples, addedTokens: random(2) - 1 }, rules);
    for (const number of [gain, noise, doubt]) assert.ok(Number.isFinite(number), where);
    const bars = [worstPromising(history, 0, rules), error && stopBar(knowledge, 0, error, 0.5, rules)];
    for (const bar of bars) assert.ok(bar === null || Number.isFinite(bar), `${bar}: ${where}`);
  }
});

const around = (middle: number, i: number) => middle + 0.004 * Math.sin(7 * i);
const RULES: GateRules = { goal: 'minimize', rule: 'bayes', falseMerges: 0.1, maxTrials: 4, noise: null };

test('a preview beyond all measure teaches nothing about those of others', () => {
  const honest = Array.from({ length: 9 }, (_, i) => ({ preview: around(1.2, i), value: around(1, 3 * i) }));
  const expected = previewError(honest);
  for (const preview of [1e20, -1e20, 40]) {
    const found = previewError([{ preview, value: 1 }, ...honest]);
    assert.ok(found && expected);
    assert.ok(
      Math.abs(found.shift - expected.shift) < 0.003,
      `${preview}: ${found.shift}, ${expected.shift}`,
    );
    assert.ok(found.variance < 2 * expected.variance, `${preview}: ${found.variance}, ${expected.variance}`);
  }
  assert.equal(previewError([{ preview: 1e20, value: 1 }, ...honest.slice(0, 4)]), null, 'four are too few');
});

test('after a preview beyond all measure and an idea that was stopped, a better idea is still merged', () => {
  const samples = (middle: number, count: number) =>
    Array.from({ length: count }, (_, seed) => ({ seed, value: around(middle, 5 * seed) }));
  const previews = Array.from({ length: 6 }, (_, i) => ({
    preview: i === 0 ? 1e20 : around(1.2, i),
    value: around(1, i),
  }));
  const error = previewError(previews);
  assert.ok(error);
  const history: Step[] = [
    { kind: 'champion', samples: samples(1, 3) },
    ...previews.map(
      ({ value }): Step => ({ kind: 'experiment', samples: [{ seed: 0, value }], merged: false }),
    ),
    stoppedStep({ seed: 0, value: 1e20 }, error),
    stoppedStep({ seed: 0, value: -1e20 }, error),
  ];
  const { kind } = judge(history, { samples: samples(0.9, 3), addedTokens: 0 }, RULES);
  assert.ok(kind === 'merge' || kind === 'hold', kind);
});
