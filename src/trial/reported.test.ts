import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Measurement, measurementSchema } from '../protocol/measurement.ts';
import type { StopBar } from '../protocol/stop-bar.ts';
import {
  makeCandidate,
  makeRepository,
  othersTake,
  temporaryDirectory,
  untilNoneRuns,
} from './fixture.test-helper.ts';
import { runTrial } from './run.ts';

const FILE = 'metric: {name: p99, goal: minimize, file: out/result.json, key: latency.p99}\n';
const PATTERN = `metric: {name: p99, goal: maximize, pattern: 'p99 of (\\S+) ms'}\n`;

/** Measures the shell script `script` as a candidate for a base with this contract. */
async function measure(
  context: TestContext,
  contract: string,
  script: string,
  timeoutSeconds = 30,
  more: { budgetSeconds?: number; stop?: StopBar } = {},
): Promise<Measurement & { lines: string[] }> {
  const root = temporaryDirectory(context);
  const base = makeRepository(join(root, 'base'), {
    '.github/research.yml': `editable: [bench.sh]\n${contract}`,
    'bench.sh': 'exit 1\n',
  });
  const candidate = makeCandidate(base.dir, join(root, 'candidate'), { 'bench.sh': script });
  const scratch = join(root, 'scratch');
  mkdirSync(scratch);
  const lines: string[] = [];
  const measurement = await runTrial({
    trial: '7/12.1',
    base: base.dir,
    baseSha: base.sha,
    candidate: candidate.dir,
    candidateSha: candidate.sha,
    seed: 42,
    budgetSeconds: 5,
    timeoutSeconds,
    command: 'sh bench.sh',
    scratch,
    environment: process.env,
    watchLoad: othersTake(0),
    onLine: line => lines.push(line),
    ...more,
  });
  await untilNoneRuns(scratch);
  return { ...measurementSchema.parse(measurement), lines };
}

const JSON_TEXT = `'{"latency": {"p99": 12.5, "p50": 3}, "requests": 80}'`;

test('the score is read from a JSON file inside the sandbox', async context => {
  const script = `echo ${JSON_TEXT} >"$AUTORESEARCH_RESULT"; echo "$TMPDIR $AUTORESEARCH_RESULT"`;
  const measurement = await measure(context, FILE, script);
  assert.deepEqual(measurement.outcome, { status: 'measured', value: 12.5 });
  assert.deepEqual(measurement.reported, { 'latency.p50': 3, requests: 80 });
  assert.equal(measurement.sandbox, 'bubblewrap');
  assert.deepEqual(measurement.lines, ['/tmp /tmp/out/result.json']);
});

test('without a sandbox the file is found in the same way', async context => {
  const script = `echo ${JSON_TEXT} >"$TMPDIR/out/result.json"`;
  const measurement = await measure(context, `${FILE}sandbox: none\n`, script);
  assert.deepEqual(measurement.outcome, { status: 'measured', value: 12.5 });
  assert.equal(measurement.sandbox, 'none');
});

test('the exit code decides over the content of the file', async context => {
  const write = `echo ${JSON_TEXT} >"$AUTORESEARCH_RESULT"`;
  const failed = await measure(context, FILE, `${write}; echo 'ValueError: no' >&2; exit 3`);
  assert.deepEqual(failed.outcome, {
    status: 'crash',
    reason: 'exception',
    message: 'ValueError: no',
    traceback: 'ValueError: no',
  });
  const late = await measure(context, FILE, `${write}; sleep 60`, 0.5);
  assert.equal(late.outcome.status === 'crash' && late.outcome.reason, 'timeout');
});

test('a missing or irregular file is a crash that says so', async context => {
  for (const script of [
    'true',
    'mkfifo "$AUTORESEARCH_RESULT"',
    'ln -s /dev/zero "$AUTORESEARCH_RESULT"',
    'mkdir "$AUTORESEARCH_RESULT"',
  ]) {
    const { outcome } = await measure(context, FILE, script);
    assert.equal(outcome.status === 'crash' && outcome.reason, 'no metric', script);
    assert.match(
      outcome.status === 'crash' ? outcome.message : '',
      /^exited without writing out\/result\.json/,
    );
  }
});

test('the descriptor that passes the file is closed in the command', async context => {
  const { outcome } = await measure(context, FILE, `(echo ${JSON_TEXT} >&4) 2>/dev/null; true`);
  assert.equal(outcome.status, 'crash');
});

test('a pattern finds the score in a line', async context => {
  const script = `echo 'p99 of 30 ms'; echo 'after warm-up: p99 of 12.5 ms'; echo 'p99: 1'`;
  assert.deepEqual((await measure(context, PATTERN, script)).outcome, { status: 'measured', value: 12.5 });
  const { outcome } = await measure(context, PATTERN, `echo 'p99: 1'`);
  assert.match(outcome.status === 'crash' ? outcome.message : '', /a line that metric\.pattern matches/);
});

/** Prints two values of its learning curve, and its result long after the projection. */
const CURVE = `echo 'p99 of 30 ms'; echo 'p99 of 20 ms'; sleep 3; echo 'p99 of 10 ms'`;
/** Half of this is enough to start on a busy machine. */
const BUDGET = { budgetSeconds: 4 };

test('the last score at half of the budget is the projection, and stops the trial if it is worse than the bar', async context => {
  const early = await measure(context, PATTERN, `echo 'p99 of 10 ms'`, 30, BUDGET);
  assert.deepEqual([early.outcome, early.preview], [{ status: 'measured', value: 10 }, null]);
  const { digest, machine } = early;
  const run = (value: number) =>
    measure(context, PATTERN, CURVE, 30, { ...BUDGET, stop: { value, digest, machine } });
  // Higher is better.
  const stopped = await run(20.5);
  assert.deepEqual([stopped.outcome, stopped.preview], [{ status: 'stopped', value: 20, at: 0.5 }, 20]);
  assert.doesNotMatch(stopped.lines.join(), /p99 of 10/);
  const passed = await run(19.5);
  assert.deepEqual([passed.outcome, passed.preview], [{ status: 'measured', value: 10 }, 20]);
});

test('numbers that cannot be a result are left out, wherever they are', async context => {
  const absurd = await measure(context, PATTERN, `echo 'p99 of 9e299 ms'`);
  assert.equal(absurd.outcome.status === 'crash' && absurd.outcome.reason, 'not a number');
  assert.match(
    absurd.outcome.status === 'crash' ? absurd.outcome.message : '',
    /^p99 is 9e\+299; expected a number within/,
  );
  const file = await measure(
    context,
    FILE,
    `echo '{"latency": {"p99": -1e21}, "a": 1e300, "b": 2}' >"$AUTORESEARCH_RESULT"`,
  );
  assert.equal(file.outcome.status === 'crash' && file.outcome.reason, 'not a number');
  assert.deepEqual(file.reported, { b: 2 });
  const summary = ['---', 'training_seconds: 1e15', 'peak_vram_mb: 1e15', 'flops: 1e300', 'steps: 7'];
  const script = `printf '%s\\n' 'p99 of 1 ms' ${summary.map(line => `'${line}'`).join(' ')}`;
  const boast = await measure(context, PATTERN, script);
  assert.deepEqual(boast.outcome, { status: 'measured', value: 1 });
  assert.deepEqual(boast.reported, { steps: 7 });
  assert.equal(boast.trainingSeconds, 30, 'no longer than it may run');
  assert.ok(boast.peakMemoryMb < 1e5);
});

test('a number that cannot be a result is no projection, and stops nothing', async context => {
  const script = `echo 'p99 of -9e299 ms'; sleep 3; echo 'p99 of 10 ms'`;
  const { digest, machine } = await measure(context, PATTERN, `echo 'p99 of 10 ms'`, 30, BUDGET);
  const stop = { value: 5, digest, machine };
  const { outcome, preview } = await measure(context, PATTERN, script, 30, { ...BUDGET, stop });
  assert.deepEqual([outcome, preview], [{ status: 'measured', value: 10 }, null]);
});

test('a command without output before its end has no projection', async context => {
  const script = `sleep 0.5; echo 'p99 of 10 ms'`;
  const { outcome, preview } = await measure(context, PATTERN, script, 30, { budgetSeconds: 0.5 });
  assert.deepEqual([outcome, preview], [{ status: 'measured', value: 10 }, null]);
});

const GUARDS = `guards:
  - {name: accuracy, at_least: 0.9}
  - {name: latency.p50, at_most: 1.1x}
  - {name: peak_memory_mb, at_most: 1.1x}
  - {name: command_seconds, at_most: 2x}
`;

test('a guarded number is the last line of its name or a key of the file, and what the bot can measure is measured', async context => {
  const lines =
    'sleep 4; echo accuracy: 0.5; echo accuracy = 0.93; echo peak_memory_mb: 0.001; echo command_seconds: 0';
  const printed = await measure(
    context,
    `metric: {name: p99, goal: minimize}\n${GUARDS}`,
    `echo p99: 3; ${lines}`,
  );
  assert.equal(printed.outcome.status, 'measured');
  const { peak_memory_mb: peak, command_seconds: seconds, ...said } = printed.numbers;
  assert.deepEqual(said, { accuracy: 0.93, 'latency.p50': null }, 'one was not reported');
  assert.ok((peak ?? 0) > 0.1, `${peak}`);
  assert.equal(seconds, 10, 'as the watch says');
  const file = await measure(
    context,
    FILE + GUARDS,
    `echo ${JSON_TEXT} >"$AUTORESEARCH_RESULT"; echo accuracy: nan`,
  );
  assert.deepEqual([file.numbers['latency.p50'], file.numbers.accuracy], [3, null]);
});

test('a guarded number is found among more numbers than are shown', async context => {
  const many = 'echo ---; for i in $(seq 50); do echo "n$i: $i"; done; echo accuracy: 0.93';
  const measurement = await measure(
    context,
    'metric: {name: p99, goal: minimize}\nguards: [{name: accuracy, at_least: 0.9}]\n',
    `echo p99: 3; ${many}`,
  );
  assert.equal(Object.keys(measurement.reported).length, 30);
  assert.deepEqual(measurement.numbers, { accuracy: 0.93 });
});
