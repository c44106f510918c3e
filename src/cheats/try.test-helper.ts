/** Tries cheats in one scene, as many at a time as there are cores, and an honest candidate after them. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Measurement } from '../protocol/measurement.ts';
import type { Cheat } from './cheat.test-helper.ts';
import { makeScene, type Scene } from './scene.test-helper.ts';

/** One test for each cheat, and at the end one that shows that the same campaign merges what is truly better. */
export function tryAll(cheats: readonly Cheat[]): void {
  const root = mkdtempSync(join(tmpdir(), 'autoresearch-cheats-'));
  after(() => rmSync(root, { recursive: true }));
  let scene: Scene;
  before(async () => {
    scene = await makeScene(root);
  });
  describe('a candidate that', { concurrency: availableParallelism() }, () => {
    for (const cheat of cheats)
      test(cheat.title, async () => {
        const { verdict, trials } = await scene.judge(cheat);
        const [first] = trials;
        assert.equal(verdict.kind, cheat.verdict, `${verdict.reason}\n${first.summary}\n${first.log}`);
        assert.equal(first.measurement.sandbox, 'bubblewrap');
        for (const { summary, log } of trials) assert.match(`${summary}\n${log}`, cheat.says);
        if (cheat.honestNumber)
          assert.ok(
            Math.abs(numberOf(first.measurement) - honestNumber(scene)) < 1e-6,
            `Expected the honest number ${honestNumber(scene)}.\n${first.summary}`,
          );
        cheat.also?.(first, scene);
      });
  });
  test('an honest candidate that learns more is merged by the same campaign', async () => {
    const { verdict, trials } = await scene.judge({ code: 'DOCUMENTS = 20' });
    assert.equal(verdict.kind, 'merge', verdict.reason);
    for (const { measurement } of trials) assert.deepEqual(measurement.refereed?.audit?.flags, []);
  });
}

/** The number of a trial that brought one. */
export function numberOf({ outcome }: Measurement): number {
  return outcome.status === 'measured'
    ? outcome.value
    : assert.fail(`Expected a number, found ${outcome.status}.`);
}

/** What the honest candidate gets on the first seed. */
export function honestNumber({ champion: [first] }: Scene): number {
  return first ? numberOf(first) : assert.fail('Expected a champion.');
}
