import assert from 'node:assert/strict';
import { on, once } from 'node:events';
import { after, describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { BROKEN } from './broken.test-helper.ts';
import { type Result, simulate } from './campaign.ts';
import { describeViolation } from './report.ts';
import { addTally, emptyTally } from './tally.ts';

const CAMPAIGNS = 100;

test(`${CAMPAIGNS} campaigns keep the rule, whatever goes wrong`, async () => {
  const tally = emptyTally();
  const thread = startThread(new URL('worker.ts', import.meta.url));
  thread.postMessage(Array.from({ length: CAMPAIGNS }, (_, i) => i + 1));
  for await (const [result] of on(thread, 'message') as AsyncIterable<[Result]>) {
    assert.equal(result.violation, null, describeViolation(result));
    addTally(tally, result.tally);
    if (tally.campaigns === CAMPAIGNS) break;
  }
  // A world in which nothing happens keeps every rule.
  for (const [what, least] of [
    [tally.merges, 50],
    [tally.kills, 500],
    [Object.keys(tally.moods).length, 4],
    [Object.keys(tally.faults).length, 12],
    [Object.keys(tally.interventions).length, 25],
    [Object.keys(tally.trials).length, 9],
    [tally.thoughts.ported ?? 0, 1],
    [tally.thoughts.repaired ?? 0, 8],
  ] as const)
    assert.ok(what >= least, `expected at least ${least}, found ${what}: ${JSON.stringify(tally)}`);
});

test('the same seed gives the same campaign, event by event', async () => {
  for (const seed of [3, 12, 25]) {
    const told: string[][] = [[], []];
    for (const lines of told) await simulate(seed, { trace: line => lines.push(line) });
    assert.ok((told[0]?.length ?? 0) > 500);
    assert.deepEqual(told[0], told[1]);
  }
});

describe('the simulator finds an App that', () => {
  const thread = startThread(new URL('broken.test-runner.ts', import.meta.url));
  for (const [what, invariant] of BROKEN)
    test(what, async () => {
      thread.postMessage(what);
      const [found] = await once(thread, 'message');
      assert.match(found, invariant);
    });
});

/** Simulates in a thread: of everything that is awaited in its own, the test runner keeps account, which takes a third of the time. */
function startThread(file: URL): Worker {
  const thread = new Worker(file);
  after(() => thread.terminate());
  return thread;
}
