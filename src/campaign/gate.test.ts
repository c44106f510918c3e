import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type GateEvidence, judge, pooledNoise, studentTail } from './gate.ts';

const champion = [1.0, 1.002, 0.998];
function evidence(candidate: number[], more: Partial<GateEvidence> = {}): GateEvidence {
  return {
    goal: 'minimize',
    champion,
    candidate,
    groups: [champion, candidate],
    falseMerges: 0.1,
    maxTrials: 3,
    ...more,
  };
}

test("Student's tail agrees with published quantiles", () => {
  // One-sided 95 % quantiles of the t distribution, any table of critical values.
  for (const [degrees, quantile] of [
    [1, 6.3138],
    [2, 2.92],
    [3, 2.3534],
    [4, 2.1318],
    [5, 2.015],
    [10, 1.8125],
    [30, 1.6973],
  ] as const)
    assert.ok(
      Math.abs(studentTail(quantile, degrees) - 0.05) < 2e-5,
      `${degrees}: ${studentTail(quantile, degrees)}`,
    );
  assert.equal(studentTail(0, 4), 0.5);
  assert.ok(Math.abs(studentTail(-2.92, 2) - 0.95) < 2e-5);
});

test('noise is pooled within trees, never across them', () => {
  assert.deepEqual(pooledNoise([[1, 3], [100], [10, 14]]), { deviation: Math.sqrt((2 + 8) / 2), degrees: 2 });
  assert.deepEqual(pooledNoise([[1], [2]]), { deviation: 0, degrees: 0 });
});

test('a candidate that looks better gets a confirmation trial before it is merged', () => {
  assert.equal(judge(evidence([0.9])).kind, 'again');
  assert.equal(judge(evidence([0.9, 0.901])).kind, 'merge');
});

test('a candidate that is worse is closed on its first trial', () => {
  assert.equal(judge(evidence([1.01])).kind, 'close');
  assert.equal(judge(evidence([1.0])).kind, 'close');
});

test('a lucky first trial that is not confirmed is closed', () => {
  assert.equal(judge(evidence([0.9975])).kind, 'again');
  assert.equal(judge(evidence([0.9975, 1.004])).kind, 'close');
});

test('a doubtful gain is not merged when the trials are used up', () => {
  const doubtful = [0.9995, 0.9985, 0.9992];
  assert.equal(judge(evidence(doubtful.slice(0, 2))).kind, 'again');
  assert.equal(judge(evidence(doubtful)).kind, 'close');
});

test('a metric to be maximised is the mirror image', () => {
  for (const candidate of [[0.9], [0.9, 0.901], [1.01], [0.9995, 0.9985, 0.9992]]) {
    const mirror = evidence(
      candidate.map(x => -x),
      {
        goal: 'maximize',
        champion: champion.map(x => -x),
        groups: [champion, candidate].map(g => g.map(x => -x)),
      },
    );
    const there = judge(evidence(candidate));
    const here = judge(mirror);
    assert.equal(here.kind, there.kind);
    assert.ok(Math.abs(here.doubt - there.doubt) < 1e-12);
  }
});

test('a deterministic metric merges any real gain after its confirmation', () => {
  const still = { champion: [5, 5, 5], groups: [[5, 5, 5]] };
  assert.equal(judge(evidence([4.999], still)).kind, 'again');
  assert.equal(judge(evidence([4.999, 4.999], still)).kind, 'merge');
  assert.equal(judge(evidence([5], still)).kind, 'close');
});

test('a better number never turns a merge into a close', () => {
  for (let value = 0.99; value > 0.9; value -= 0.005)
    assert.equal(judge(evidence([value, value + 0.001])).kind, 'merge', String(value));
});
