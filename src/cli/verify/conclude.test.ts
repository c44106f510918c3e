import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CRASH, trial } from '../../campaign/snapshot.test-helper.ts';
import { contractSchema } from '../../protocol/contract.ts';
import type { Measurement } from '../../protocol/measurement.ts';
import { conclude } from './conclude.ts';
import type { Merge } from './merges.ts';
import { asJson, asText } from './report.ts';

const bench = { contract: contractSchema.parse({}), budgetSeconds: 300 };
const seeds = [7, 8, 9];

function merge(pull: number, parent: string, commit: string, idea = `idea ${pull}`): Merge {
  return { campaign: 3, pull, idea, simpler: false, parent, commit };
}

function measured(values: readonly number[], more: Partial<Measurement> = {}): Measurement[] {
  return values.map((value, i) => trial(`0/0.${i + 1}`, 'tree', value, { seed: seeds[i] ?? 0, ...more }));
}

/** A campaign with a real merge, a false one and one that cannot be told. */
const merges = [merge(11, 'a', 'b'), merge(12, 'b', 'c'), merge(13, 'c', 'd')];
const trials = new Map([
  ['a', measured([1.0, 1.1, 1.2])],
  ['b', measured([0.9, 1.003, 1.1])],
  ['c', measured([0.93, 1.028, 1.133])],
  ['d', measured([0.928, 1.03, 1.13])],
]);

test('each merge is compared with its parent, and the last champion with the first', () => {
  const found = conclude(merges, { seeds, trials }, 'minimize');
  assert.deepEqual(found.count, { confirmed: 1, refuted: 1, unclear: 1, unmeasured: 0 });
  assert.ok(Math.abs((found.overall?.gain ?? 0) - 0.0707) < 1e-3);
  assert.equal(found.overall?.result, 'confirmed');
});

test('the report says for each merge what was measured, the odds and the result', () => {
  const found = conclude(merges, { seeds, trials }, 'minimize');
  const text = asText(bench, { seeds, trials }, found);
  assert.match(text, /^val_bpb \(lower is better\) of 3 merges of campaign #3, each beside its parent$/m);
  assert.match(text, /^trials {5}12 of 5 min, on the seeds 7, 8, 9$/m);
  assert.match(text, /^PR +idea +parent +merged +gain +odds +result$/m);
  assert.match(
    text,
    /^#11 +idea 11 +1\.1000 ± 0\.0\d+ +1\.0010 ± 0\.0\d+ +\+0\.0990 ± 0\.0\d+ +over 999 to 1 +confirmed$/m,
  );
  assert.match(text, /^#12 .* −0\.0\d+ ± .* under 1 to 999 +not confirmed$/m);
  assert.match(text, /^#13 .* unclear$/m);
  assert.match(text, /^all +first champion → last .* confirmed$/m);
  assert.match(text, /^Result: of 3 merges, 1 confirmed, 1 not confirmed, 1 unclear\./m);
  const json = JSON.parse(asJson(bench, { seeds, trials }, found));
  assert.deepEqual(
    json.merges.map(({ pull, result }: { pull: number; result: string }) => [pull, result]),
    [
      [11, 'confirmed'],
      [12, 'refuted'],
      [13, 'unclear'],
    ],
  );
  assert.equal(json.trials.length, 12);
});

test('a commit that crashed on one seed is not compared, with the reason', () => {
  const crashed = new Map([...trials, ['c', [...measured([0.93]), trial('0/0.2', 'c', CRASH, { seed: 8 })]]]);
  const found = conclude(merges, { seeds, trials: crashed }, 'minimize');
  assert.deepEqual(found.count, { confirmed: 1, refuted: 0, unclear: 0, unmeasured: 2 });
  const text = asText(bench, { seeds, trials: crashed }, found);
  assert.match(text, /^#12 could not be measured: the merge, seed 8: crashed: ValueError: no\.$/m);
  assert.match(text, /^#13 could not be measured: its parent, seed 8: crashed/m);
});

test('what ran under different conditions is not compared', () => {
  const moved = new Map([...trials, ['b', measured([0.9, 1.003, 1.1], { digest: 'other' })]]);
  const found = conclude(merges, { seeds, trials: moved }, 'minimize');
  assert.deepEqual(
    found.merges.map(({ kind }) => kind),
    ['unmeasured', 'unmeasured', 'compared'],
  );
  assert.match(asText(bench, { seeds, trials: moved }, found), /ran under different conditions/);
});
