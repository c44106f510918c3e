import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkGuard, type GuardRule, type GuardSamples } from './guards.ts';
import { mean } from './mean.ts';

const MOST: GuardRule = { side: 'at_most', value: 1.1, isRelative: true };
const LEAST: GuardRule = { side: 'at_least', value: 0.92, isRelative: false };

function check(rule: GuardRule, idea: number[], champion: number[], more: Partial<GuardSamples> = {}) {
  return checkGuard(rule, { idea, champion, reference: champion, ...more }, false);
}

test('an idea within the limit keeps the guard, whatever the noise', () => {
  assert.equal(check(MOST, [1099], [1000, 1000]).kind, 'kept');
  assert.equal(check(MOST, [1100], [1000, 1000]).kind, 'kept', 'the limit itself is allowed');
  assert.equal(check(MOST, [1099], [1000, 900, 1100]).kind, 'kept');
  assert.equal(check(LEAST, [0.92], [0.93]).kind, 'kept');
  assert.equal(check(MOST, [0.33], [0.3, 0.3, 0.3]).kind, 'kept', '0.3 · 1.1 is not 0.33 in floating point');
});

test('beyond the limit by more than the noise it is broken at once, by less it is measured again, and at last the mean decides', () => {
  const champion = [1000, 990, 1010];
  assert.equal(check(MOST, [1200], champion).kind, 'broken');
  assert.equal(check(MOST, [1110], champion).kind, 'unsure');
  assert.equal(check(MOST, [1110, 1080], champion).kind, 'kept');
  const last = (idea: number[]) => checkGuard(MOST, { idea, champion, reference: champion }, true).kind;
  assert.equal(last([1101, 1101, 1101, 1101]), 'broken');
  assert.equal(last([1101, 1099, 1101, 1098]), 'kept');
});

test('a number without noise needs no second trial, and one whose noise is unknown does', () => {
  assert.equal(check(MOST, [1101], [1000, 1000, 1000]).kind, 'broken');
  assert.equal(check(MOST, [5000], [1000]).kind, 'unsure');
  assert.equal(check(MOST, [5000, 5000], [1000]).kind, 'broken');
});

test('a relative limit refers to the reference, not to the champion of the moment', () => {
  const found = check(MOST, [1150], [1090, 1090], { reference: [1000, 1000] });
  assert.deepEqual([found.kind, found.limit, found.reference], ['broken', 1100, 1000]);
});

test('a relative limit of a number below 0 is its size away from it, and of 0 it is 0', () => {
  const least: GuardRule = { side: 'at_least', value: 0.9, isRelative: true };
  assert.equal(check(least, [-3.2], [-3, -3]).kind, 'kept');
  assert.ok(Math.abs(check(least, [-3.4], [-3, -3]).limit + 3.3) < 1e-12);
  assert.equal(check(least, [-3.4], [-3, -3]).kind, 'broken');
  assert.equal(check(MOST, [0], [0, 0]).kind, 'kept');
  assert.equal(check(MOST, [1], [0, 0]).kind, 'broken');
});

test('where the champion does not meet an absolute limit, ideas may be as bad as the reference, and no worse', () => {
  const champion = [0.9, 0.905, 0.895];
  const found = check(LEAST, [0.897], champion);
  assert.equal(found.kind, 'kept');
  assert.ok(Math.abs(found.limit - 0.895) < 1e-9, `${found.limit}`);
  assert.equal(check(LEAST, [0.85], champion).kind, 'broken');
  assert.equal(check(LEAST, [0.9], [0.9, 0.9]).kind, 'kept', 'without noise, the same is not worse');
  const met = check(LEAST, [0.91, 0.91], [0.93, 0.93], { reference: champion });
  assert.deepEqual([met.limit, met.kind], [0.92, 'broken'], 'once a champion meets it, it holds');
});

test("an idea's own noise never moves its limit", () => {
  const wild = [0.99, 0.5];
  const found = check(LEAST, wild, [0.9, 0.9]);
  assert.equal(found.limit, 0.9);
  assert.equal(found.value, mean(wild));
  assert.equal(
    checkGuard(LEAST, { idea: wild, champion: [0.9, 0.9], reference: [0.9, 0.9] }, true).kind,
    'broken',
  );
});
