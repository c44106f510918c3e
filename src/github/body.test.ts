import assert from 'node:assert/strict';
import { test } from 'node:test';
import { experimentMarkerSchema } from '../campaign/marker.ts';
import { CRASH, experiment, FAULT, trial } from '../campaign/snapshot.test-helper.ts';
import { pullBody } from './body.ts';
import { MAX_BODY, readMarker } from './marker.ts';

test('a marker that is too large loses tracebacks, never edits', () => {
  const edits = [{ path: 'train.py', search: 'a', replace: 'b'.repeat(40_000) }];
  const crash = { ...CRASH, traceback: '&'.repeat(1500) };
  const { marker } = experiment(1, {
    idea: { title: 'large', hypothesis: 'More.', edits },
    trials: [crash, crash, crash].map((outcome, i) => trial(`3/1.${i + 1}`, 'tree 1', outcome)),
  });
  const body = pullBody(marker);
  assert.ok(body.length <= MAX_BODY, `${body.length} characters`);
  assert.match(body, /^Experiment 1 of campaign #3\./);
  const stored = readMarker('experiment', body, experimentMarkerSchema);
  assert.deepEqual(stored?.idea.edits, edits);
  assert.deepEqual(stored?.trials[0]?.outcome, { ...crash, traceback: '' });
});

test('every verdict can be read back', () => {
  const { marker } = experiment(1, {
    trials: [trial('3/1.1', 'tree 1', FAULT)],
    verdict: {
      kind: 'merge',
      cause: 'better',
      reason: 'x'.repeat(900),
      value: Number.POSITIVE_INFINITY,
      championValue: 1,
      noise: Number.NaN,
      doubt: 0,
    },
  });
  const stored = readMarker('experiment', pullBody(marker), experimentMarkerSchema);
  assert.equal(stored?.verdict?.value, null);
  assert.ok((stored?.verdict?.reason.length ?? 0) <= 500);
});
