import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pricesOf, pricesOfLooks } from './scenes.ts';

test('an idea costs 11 writes and two notifications; a merge one more of each, a further trial three writes', async () => {
  const [closed, merged] = await pricesOf([1.05, 0.9955]);
  assert.deepEqual([closed?.trials, closed?.writes, closed?.notifying], [1, 11, 2]);
  const trials = merged?.trials ?? 0;
  assert.ok(trials > 1);
  assert.deepEqual([merged?.writes, merged?.notifying], [12 + 3 * (trials - 1), 3]);
});

test('a new process knows 1,000 experiments of the last day after 25 requests, and a look asks no more than at 10', async () => {
  const LOOKS = 3;
  const [few, many] = await pricesOfLooks([10, 1000], LOOKS);
  assert.ok(few && many);
  assert.ok(many.restart <= 25, `expected at most 25 requests, found ${many.restart}`);
  assert.deepEqual([many.idle, many.counted], [few.idle, few.counted]);
});
