import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Measurement } from '../protocol/measurement.ts';
import { renderSummary } from './summary.ts';

const measurement: Measurement = {
  version: 1,
  trial: '7/12.1',
  base: 'a'.repeat(40),
  candidate: 'b'.repeat(40),
  tree: 'c'.repeat(40),
  seed: 42,
  budgetSeconds: 300,
  machine: 'NVIDIA H100 x1, driver 580.95',
  digest: '0123456789abcdef',
  sandbox: 'none',
  outcome: { status: 'measured', value: 0.9979 },
  preview: null,
  refereed: null,
  conditions: null,
  trainingSeconds: 300.1,
  totalSeconds: 325.9,
  peakMemoryMb: 45060.2,
  reported: { num_steps: 953 },
  numbers: {},
};

test('the summary starts with the score', () => {
  const text = renderSummary(measurement);
  assert.match(text, /^## Measured 0\.9979 \(trial 7\/12\.1\)\n/);
  assert.match(text, /\| training +\| 300\.1 s of 300 s +\|/);
  assert.match(text, /\| num\\_steps +\| +953 +\|/);
});

test('the audit follows the numbers, and says what disagrees', () => {
  const audit = { n: 160, sd: 0.5, largest: 9, smallestLie: 0.05, flags: ['7 of 160 differ'] };
  const refereed = {
    ...{ claimed: 0.5, testValue: 1, startupSeconds: 2, scoringSeconds: 3, auditSeconds: 4 },
    audit,
  };
  const text = renderSummary({ ...measurement, refereed });
  assert.match(
    text,
    /\n\n\*\*The audit disagrees:\*\* 7 of 160 differ\. Audited: 160 predictions repeated blind/,
  );
  assert.match(renderSummary({ ...measurement, refereed: { ...refereed, audit: null } }), /\n\nNot audited:/);
});

test('a traceback cannot leave its fence, and a message cannot leave its cell', () => {
  const text = renderSummary({
    ...measurement,
    outcome: {
      status: 'crash',
      reason: 'exception',
      message: 'ValueError: | </td> @octocat\n## merged',
      traceback: 'one\n````\n# merged',
    },
  });
  assert.match(text, /^## Crashed: exception \(trial 7\/12\.1\)\n/);
  assert.match(text, /\n`````text\none\n````\n# merged\n`````\n/);
  assert.match(text, /ValueError: \\\| &lt;\/td&gt; @\u200boctocat #\u200b#\u200b merged/);
});

test('a fault says that nothing was measured', () => {
  const text = renderSummary({ ...measurement, outcome: { status: 'fault', message: 'disk full' } });
  assert.match(text, /^## Machine error, nothing was measured/);
  assert.match(text, /disk full/);
});
