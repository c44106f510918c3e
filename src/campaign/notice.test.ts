import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coversRun, queueKey } from './notice.ts';

test('a notice about a queued run covers earlier runs, but not later ones', () => {
  const keys = [queueKey('waiting', { id: 7 }), 'flagged 99'];
  assert.deepEqual(
    [6, 7, 8].map(id => coversRun(keys, 'waiting', { id })),
    [true, true, false],
  );
  assert.equal(coversRun(keys, 'paused', { id: 7 }), false);
});

test('keys stored by earlier versions are still recognised', () => {
  assert.ok(coversRun(['no runner for run 7'], 'waiting', { id: 7 }));
  assert.ok(coversRun(['paused for run 7'], 'paused', { id: 7 }));
});
