import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseProgress } from './progress.ts';

test('a progress line is parsed', () => {
  assert.deepEqual(parseProgress('step 120  loss 3.2100  12.3 s left'), {
    step: 120,
    loss: 3.21,
    secondsLeft: 12.3,
    inCpuSeconds: false,
  });
});

test('a run that diverged still reports progress', () => {
  assert.deepEqual(parseProgress('step 3  loss nan  1.0 s left'), {
    step: 3,
    loss: Number.NaN,
    secondsLeft: 1,
    inCpuSeconds: false,
  });
});

test('other lines are not progress', () => {
  for (const line of ['', 'val_bpb: 0.9', 'step x  loss 1.0  2.0 s left', 'a step 1  loss 1.0  2.0 s left']) {
    assert.equal(parseProgress(line), null, line);
  }
});
