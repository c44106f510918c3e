import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bisect, reach } from './bisect.ts';

test('the bar is found to the requested precision, from above', () => {
  for (const bar of [-3.7, 0, 0.123, 9.99]) {
    const found = bisect(x => x >= bar, -10, 10, 1e-6);
    assert.ok(found >= bar && found <= bar + 1e-6, `${found} for ${bar}`);
  }
});

test('an interval that is narrow enough is not searched', () => {
  const neverAsked = () => assert.fail('Expected no question.');
  assert.equal(bisect(neverAsked, 1, 1.5, 0.5), 1.5);
});

test('the distance grows until the condition holds', () => {
  const asked: number[] = [];
  const found = reach(distance => asked.push(distance) > 0 && distance > 5, 2, 100);
  assert.equal(found, 8);
  assert.deepEqual(asked, [1, 2, 4, 8]);
});

test('if the condition never holds, the distance is beyond the farthest', () => {
  assert.equal(
    reach(() => false, 4, 50),
    64,
  );
});
