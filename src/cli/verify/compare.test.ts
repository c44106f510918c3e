import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compare, noiseAmong, type Scores, seedsToTell } from './compare.ts';
import { studentBelow } from './student.ts';

test("Student's t is that of the tables", () => {
  const quantiles: [probability: number, degrees: number, t: number][] = [
    [0.95, 1, 6.314],
    [0.95, 2, 2.92],
    [0.95, 3, 2.353],
    [0.975, 4, 2.776],
    [0.99, 5, 3.365],
    [0.95, 10, 1.812],
    [0.995, 29, 2.756],
    [0.95, 120, 1.658],
  ];
  for (const [probability, degrees, t] of quantiles) {
    assert.ok(Math.abs(studentBelow(t, degrees) - probability) < 2e-4, `${t} with ${degrees}`);
    assert.ok(Math.abs(studentBelow(-t, degrees) - (1 - probability)) < 2e-4);
  }
  assert.equal(studentBelow(0, 7), 0.5);
  assert.deepEqual(
    [studentBelow(Number.POSITIVE_INFINITY, 3), studentBelow(Number.NEGATIVE_INFINITY, 3)],
    [1, 0],
  );
});

/** A reproducible number from a normal distribution. */
function normal(seed: number): () => number {
  let state = seed;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** Trees with these true scores, noise 0.01, and seeds that differ by 0.1. */
function table(
  levels: readonly number[],
  seeds: number,
  draw: () => number,
  goal: Scores['goal'] = 'minimize',
): Scores {
  const bySeed = Array.from({ length: seeds }, () => 0.1 * draw());
  return {
    goal,
    trees: new Map(levels.map((level, i) => [`${i}`, bySeed.map(seed => level + seed + 0.01 * draw())])),
  };
}

describe('fresh trials', () => {
  test('what the seeds share is no noise', () => {
    const { noise, degrees } = noiseAmong(table([1, 2, 3, 4], 200, normal(1)));
    assert.ok(Math.abs(noise - 0.01) < 0.001, String(noise));
    assert.equal(degrees, 3 * 199);
  });

  test('a gain far beyond the noise is confirmed and a loss refuted, for either goal', () => {
    for (const goal of ['minimize', 'maximize'] as const) {
      const scores = table([1, 0.9, 0.91], 3, normal(2), goal);
      const [better, worse] = goal === 'minimize' ? ['1', '2'] : ['2', '1'];
      const gain = compare(scores, worse, better, false);
      assert.equal(compare(scores, better, worse, false).gain, -gain.gain);
      const large = goal === 'minimize' ? compare(scores, '0', '1', false) : compare(scores, '1', '0', false);
      assert.ok(Math.abs(large.gain - 0.1) < 0.03);
      assert.equal(large.result, 'confirmed');
      const loss = goal === 'minimize' ? compare(scores, '1', '0', false) : compare(scores, '0', '1', false);
      assert.equal(loss.result, 'refuted');
    }
  });

  test('of true gains of nothing, few are confirmed; of true gains beyond the threshold, few are refuted', () => {
    const draw = normal(3);
    const results = (gain: number) =>
      Array.from({ length: 400 }, () => compare(table([1, 1 - gain], 4, draw), '0', '1', false).result);
    const share = (all: string[], result: string) => all.filter(each => each === result).length / all.length;
    assert.ok(share(results(0), 'confirmed') < 0.06);
    assert.ok(share(results(0.002), 'refuted') < 0.09);
    assert.ok(share(results(0.04), 'confirmed') > 0.6);
  });

  test('shorter code needs no gain, only no loss', () => {
    const same: Scores = table([1, 1], 100, normal(5));
    assert.equal(compare(same, '0', '1', false).result, 'refuted');
    assert.notEqual(compare(same, '0', '1', true).result, 'refuted');
    assert.equal(compare(table([1, 1.05], 3, normal(5)), '0', '1', true).result, 'refuted');
  });

  test('without noise, the difference is what it is, but rounding is none', () => {
    const scores = (a: number, b: number): Scores => ({
      goal: 'minimize',
      trees: new Map([
        ['0', [a, a + 1, a + 2]],
        ['1', [b, b + 1, b + 2]],
      ]),
    });
    const result = (a: number, b: number, simpler = false) => compare(scores(a, b), '0', '1', simpler).result;
    assert.equal(result(0.3, 0.2), 'confirmed');
    assert.equal(result(0.2, 0.3), 'refuted');
    assert.equal(result(0.3, 0.1 + 0.2), 'refuted');
    assert.equal(result(0.1 + 0.2, 0.3), 'refuted');
    assert.equal(result(0.1 + 0.2, 0.3, true), 'confirmed');
  });

  test('what is unclear says how many seeds would tell, unless no number would', () => {
    const about = (gain: number) =>
      seedsToTell(
        { parent: 1, merged: 1 - gain, gain, error: 0.01, probability: 0.7, result: 'unclear' },
        3,
        false,
      );
    const needed = about(0.01);
    assert.ok(needed !== null && needed > 3 && needed < 20, String(needed));
    assert.equal(about(0.0025), null);
  });
});
