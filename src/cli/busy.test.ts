import assert from 'node:assert/strict';
import { test } from 'node:test';
import { busyShare, shareBetween } from './busy.ts';

const core = (user: number, idle: number) => ({
  model: '',
  speed: 0,
  times: { user, nice: 0, sys: 0, idle, irq: 0 },
});

test('what was not idle on any core between two looks is the busy share', () => {
  const before = [core(100, 1000), core(200, 2000)];
  assert.equal(shareBetween(before, [core(150, 1050), core(250, 2050)]), 0.5);
  assert.equal(shareBetween(before, [core(200, 1000), core(300, 2000)]), 1);
  assert.equal(shareBetween(before, [core(100, 1100), core(200, 2100)]), 0);
});

test('a system that tells nothing is not busy', () => {
  assert.equal(shareBetween([], []), 0);
  assert.equal(shareBetween([core(1, 1)], [core(1, 1)]), 0);
});

test('this machine tells a share', async () => {
  const share = await busyShare();
  assert.ok(share >= 0 && share <= 1, String(share));
});
