/** What happens to a trial while this thread is busy with something else, such as a candidate's output. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { makeCandidate, makeRepository, othersTake, temporaryDirectory } from './fixture.test-helper.ts';
import { runTrial } from './run.ts';

const BUSY_MS = 20_000;

/** Runs a candidate that prints `ready`; from then on this thread does nothing else until all of the candidate is dead. */
async function whileBusy(context: TestContext, script: string, change: object) {
  const root = temporaryDirectory(context);
  const contract = 'editable: [bench.sh]\nmetric: {name: p99, goal: minimize}\n';
  const base = makeRepository(join(root, 'base'), {
    '.github/research.yml': contract,
    'bench.sh': 'exit 1\n',
  });
  const candidate = makeCandidate(base.dir, join(root, 'candidate'), { 'bench.sh': script });
  const scratch = join(root, 'scratch');
  mkdirSync(scratch);
  let leftAfterMs: number | null = null;
  const { outcome } = await runTrial({
    trial: '7/12.1',
    base: base.dir,
    baseSha: base.sha,
    candidate: candidate.dir,
    candidateSha: candidate.sha,
    seed: 42,
    budgetSeconds: 1,
    timeoutSeconds: 60,
    command: 'sh bench.sh',
    scratch,
    environment: process.env,
    watchLoad: othersTake(0),
    onLine: line => {
      if (line === 'ready') leftAfterMs = msUntilNoneRuns(scratch);
    },
    ...change,
  });
  return { outcome, leftAfterMs };
}

/** Blocks this thread until no process has `marker` in its environment. */
function msUntilNoneRuns(marker: string): number {
  const started = performance.now();
  const pause = new Int32Array(new SharedArrayBuffer(4));
  while (performance.now() - started < BUSY_MS && countMarked(marker) > 0) Atomics.wait(pause, 0, 0, 50);
  return performance.now() - started;
}

function countMarked(marker: string): number {
  return readdirSync('/proc').filter(entry => {
    if (!/^\d+$/.test(entry) || Number(entry) === process.pid) return false;
    try {
      return readFileSync(`/proc/${entry}/environ`, 'utf8').includes(marker);
    } catch {
      return false;
    }
  }).length;
}

test('too many processes are noticed and ended while this thread is busy', async context => {
  const script = 'echo ready; i=0; while [ $i -lt 60 ]; do sleep 60 & i=$((i+1)); done; wait';
  const { outcome, leftAfterMs } = await whileBusy(context, script, { limits: { processes: 40 } });
  assert.ok(leftAfterMs !== null && leftAfterMs < BUSY_MS, `still running after ${leftAfterMs} ms`);
  assert.equal(outcome.status === 'crash' && outcome.message, 'ran more than 40 processes at the same time');
});

test('the time is up for a candidate while this thread is busy', async context => {
  const { outcome, leftAfterMs } = await whileBusy(context, 'echo ready; sleep 60', { timeoutSeconds: 2 });
  assert.ok(leftAfterMs !== null && leftAfterMs < BUSY_MS, `still running after ${leftAfterMs} ms`);
  assert.equal(outcome.status === 'crash' && outcome.reason, 'timeout');
});
