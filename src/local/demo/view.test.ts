import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { type Board, finalTable, type Line, noiseText, paint } from './board.ts';
import { createView } from './view.ts';

const start: Board = {
  campaign: 'you/lab#1',
  phase: 'running',
  reason: '',
  target: 2,
  metric: 'val_bpb',
  goal: 'minimize',
  budgetSeconds: 8,
  baselines: [],
  first: null,
  champion: null,
  rows: [],
  running: [],
  machineError: null,
  failures: [],
  failedInARow: 0,
};
const idea = {
  number: 1,
  pull: 2,
  title: 'warmdown 0.7 → 0.75',
  value: null,
  championValue: null,
  verdict: null,
};
const measured: Board = { ...start, baselines: [3.21], first: 3.21, champion: 3.21, rows: [idea] };
const training: Board = {
  ...measured,
  running: [
    {
      id: '1/1.1',
      heard: {
        progress: { step: 120, loss: 3.21, secondsLeft: 4, inCpuSeconds: false },
        trained: false,
        lastLine: 'step 120 …',
      },
    },
  ],
};
const merged: Board = {
  ...measured,
  champion: 3.2,
  rows: [
    {
      ...idea,
      value: 3.2,
      championValue: 3.21,
      verdict: { kind: 'merge', noise: 0.004 },
    },
  ],
};

/** Shows boards at the given seconds on a stream that is not a terminal, and returns the lines. */
function written(steps: [number, Board][]): string[] {
  let now = 0;
  const stream = new PassThrough();
  const view = createView(stream as unknown as NodeJS.WriteStream, () => now);
  for (const [at, board] of steps) {
    now = at;
    view.show(board);
  }
  view.close();
  return String(stream.read()).trimEnd().split('\n');
}

function textOf(lines: readonly Line[]): string {
  return lines.map(({ text }) => text).join('\n');
}

test('without a terminal, every event is one line, and nothing is repeated', () => {
  const lines = written([
    [0, start],
    [1, start],
    [5, measured],
    [6, merged],
    [7, merged],
    [8, { ...merged, phase: 'finished' }],
  ]);
  assert.deepEqual(lines, [
    '  0:00  campaign you/lab#1: 2 experiments',
    '  0:05  champion, trial 1: val_bpb 3.2100',
    '  0:05  experiment 1 (#2): warmdown 0.7 → 0.75',
    '  0:06  experiment 1: merged at 3.2000 (−0.0100), warmdown 0.7 → 0.75',
    '  0:08  campaign finished',
  ]);
});

test('without a terminal, a running trial gets a line every 10 s', () => {
  const seconds = [0, 1, 5, 9, 10, 15, 21];
  const lines = written(seconds.map(second => [second, training]));
  assert.equal(lines.filter(line => line.includes('trial 1/1.1: step 120')).length, 3);
});

test('on a terminal, the trial shows its idea, its step, its loss and how much of the budget is used', () => {
  const picture = textOf(paint(training, 65, 100));
  assert.match(picture, /1:05/);
  assert.match(picture, /▸ trial 1\/1\.1 {3}warmdown 0\.7 → 0\.75/);
  assert.match(picture, /█{12}░{12} {2}step 120 {3}loss 3\.2100 {3}4\.0 s left/);
});

test('once its training time has passed, a trial is being scored', () => {
  const running = training.running.map(trial => ({
    ...trial,
    heard: trial.heard && { ...trial.heard, trained: true },
  }));
  assert.match(
    textOf(paint({ ...training, running }, 65, 100)),
    /█{24} {2}step 120 {3}loss 3\.2100 {3}training done, scoring/,
  );
});

test('a trial without progress lines shows its last line of output', () => {
  const running = [
    { id: '1/1.1', heard: { progress: null, trained: false, lastLine: '400 requests, the last took 9 ms' } },
  ];
  assert.match(
    textOf(paint({ ...measured, running }, 0, 80)),
    /trial 1\/1\.1.*\n {2}400 requests, the last took 9 ms/,
  );
  const lines = written([[0, { ...measured, running }]]);
  assert.ok(lines.some(line => line.includes('trial 1/1.1: 400 requests, the last took 9 ms')));
});

test('on a narrow terminal lines are cut, not wrapped', () => {
  const lines = paint({ ...training, rows: [{ ...idea, title: 'x'.repeat(80) }] }, 0, 40);
  assert.ok(lines.every(({ text }) => [...text].length <= 40));
});

test('a paused campaign says why', () => {
  assert.match(
    textOf(paint({ ...start, phase: 'paused', reason: 'no runner' }, 0, 80)),
    /^paused: no runner$/m,
  );
});

test('on a terminal, the tone of an experiment comes from its verdict, not from its words', () => {
  const rowOf = (kind: string) => {
    const rows = [{ ...idea, title: 'merged: not really', verdict: { kind, reason: '', noise: null } }];
    return paint({ ...measured, rows }, 0, 80).at(-1);
  };
  assert.deepEqual(
    ['merge', 'close', 'near miss', 'crash', 'stopped early', 'person'].map(kind => rowOf(kind)?.tone),
    ['good', 'muted', 'muted', 'bad', 'muted', 'plain'],
  );
  assert.match(rowOf('person')?.text ?? '', /^not judged /);
  assert.match(rowOf('stopped early')?.text ?? '', /^stopped early /);
  assert.match(rowOf('near miss')?.text ?? '', /^near miss /);
});

test('the final table has the baseline and every experiment with its result', () => {
  assert.deepEqual(finalTable(merged).split('\n'), [
    'experiment  val_bpb  change   result    idea',
    '0           3.2100            baseline',
    '1           3.2000   −0.0100  merged    warmdown 0.7 → 0.75',
  ]);
});

test('noise is shown as the typical difference between two trials of the same code', () => {
  assert.equal(noiseText(merged), 'two trials of the same code typically differ by 0.0057 val_bpb');
  assert.equal(noiseText(training), null);
});

test('each failed proposal is a line with its reason, and a terminal shows that the agent fails', () => {
  const failed = (...failures: string[]): Board => ({ ...start, failures, failedInARow: failures.length });
  const lines = written([
    [0, start],
    [1, failed('the key was rejected')],
    [2, failed('the key was rejected')],
    [3, failed('the key was rejected', 'the key was rejected', 'timed out')],
    [4, failed('the key was rejected', 'timed out', 'no credit left')],
  ]);
  assert.deepEqual(
    lines.filter(line => line.includes('failed')).map(line => line.trim()),
    [
      '0:01  proposal failed: the key was rejected',
      '0:03  proposal failed: the key was rejected',
      '0:03  proposal failed: timed out',
      '0:04  proposal failed: no credit left',
    ],
  );
  const shown = paint(failed('a', 'b'), 5, 80).find(({ tone }) => tone === 'bad');
  assert.equal(shown?.text, 'proposal failed (2 in a row): b');
  assert.ok(paint({ ...failed('a'), failedInARow: 0 }, 5, 80).every(({ text }) => !text.includes('failed')));
});

test('a machine error is a line as soon as its trial has ended, and a terminal shows it until something is measured', () => {
  const broken = (trial: string): Board => ({
    ...start,
    machineError: { trial, message: 'The disk is full: 3 MB are free.' },
  });
  const lines = written([
    [0, start],
    [1, broken('1/0.1')],
    [2, broken('1/0.1')],
    [3, broken('1/0.2')],
    [4, measured],
  ]).filter(line => line.includes('machine error'));
  assert.equal(lines.length, 2, lines.join('\n'));
  assert.match(lines[0] ?? '', /trial 1\/0\.1: machine error: The disk is full: 3 MB are free\.$/);
  assert.match(textOf(paint(broken('1/0.1'), 0, 80)), /^trial 1\/0\.1: machine error: The disk is full/m);
  assert.doesNotMatch(textOf(paint(measured, 0, 80)), /machine error/);
});
