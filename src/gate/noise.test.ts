import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noiseOf, smallestGain, trialsToShow } from './noise.ts';

test('the detectable gain of five trials agrees with a calculation by hand', () => {
  const noise = noiseOf([10, 12, 11, 9, 13]);
  assert.equal(noise.mean, 11);
  assert.ok(Math.abs(noise.deviation - Math.sqrt(2.5)) < 1e-12);
  assert.ok(Math.abs(smallestGain(noise, 1) - 2.132 * Math.sqrt(2.5 * 1.2)) < 1e-9);
  assert.ok(smallestGain(noise, 3) < smallestGain(noise, 1));
});

test('an equally good candidate exceeds the detectable gain in 5% of campaigns', () => {
  // Its own generator, so that every run draws the same numbers.
  let state = 1;
  const uniform = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  for (const trials of [1, 3]) {
    let passed = 0;
    for (let campaign = 0; campaign < 20_000; campaign++) {
      const noise = noiseOf(Array.from({ length: 4 }, normal));
      const candidate = Array.from({ length: trials }, normal).reduce((sum, x) => sum + x, 0) / trials;
      if (noise.mean - candidate > smallestGain(noise, trials)) passed++;
    }
    assert.ok(Math.abs(passed / 20_000 - 0.05) < 0.006, `${trials}: ${passed / 20_000}`);
  }
});

test('without noise, any gain is detectable in one trial', () => {
  const noise = noiseOf([0.1, 0.1, 0.1]);
  assert.equal(noise.deviation, 0);
  assert.equal(smallestGain(noise, 1), 0);
  assert.equal(trialsToShow(noise, 0.001), 1);
});

test('one number says nothing about noise', () => {
  for (const values of [[], [1], Array(31).fill(1)]) assert.throws(() => noiseOf(values), RangeError);
});
