import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEar } from './hear.ts';

/** What is known about a trial after these lines of its job's log. */
function after(...lines: string[]) {
  const ear = createEar(() => 0);
  for (const line of lines) ear.take('1/1.1', line);
  return ear.hear('1/1.1');
}

const OPEN = '::stop-commands::guard';

test('the candidate’s last line is kept, and the runner’s lines are ignored', () => {
  const log = [
    '##[group]Measure',
    OPEN,
    'epoch 1: 0.5',
    '\u001b[32mepoch 2: 0.4\u001b[0m ',
    '---',
    '::guard::',
    'Artifact',
  ];
  assert.deepEqual(after(...log), { progress: null, trained: false, lastLine: 'epoch 2: 0.4' });
  assert.equal(after('##[group]Measure', OPEN), null);
});

test('the last step is kept when other lines follow', () => {
  const heard = after(OPEN, 'step 120  loss 3.2100  12.3 s left', 'saving');
  assert.deepEqual(heard?.progress, { step: 120, loss: 3.21, secondsLeft: 12.3, inCpuSeconds: false });
});

test('once the remaining seconds have passed, training is over', () => {
  let now = 100;
  const ear = createEar(() => now);
  for (const line of [OPEN, 'step 120  loss 3.2100  4.0 s left']) ear.take('1/1.1', line);
  now = 104;
  assert.equal(ear.hear('1/1.1')?.trained, false);
  now = 106;
  assert.equal(ear.hear('1/1.1')?.trained, true);
});
