import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Measurement, measurementSchema } from './measurement.ts';
import { isVisible } from './visible.ts';

const HOSTILE = 'a\u0000b\u001b[31mc\u202ed\ud83d';
const SEEN = 'abcd\ufffd';

/** A measurement that says `text` wherever a candidate or a machine has a say. */
function saying(text: string): Measurement {
  return {
    version: 1,
    trial: '7/12.1',
    base: 'a'.repeat(40),
    candidate: 'b'.repeat(40),
    tree: 'c'.repeat(40),
    seed: 42,
    budgetSeconds: 300,
    machine: text,
    digest: text,
    sandbox: 'bubblewrap',
    outcome: { status: 'crash', reason: 'exception', message: text, traceback: `${text}\n${text}` },
    preview: null,
    refereed: {
      claimed: 1,
      audit: { n: 1, sd: 0, largest: 0, smallestLie: 0, flags: [text] },
      testValue: 1,
      startupSeconds: 1,
      scoringSeconds: 1,
      auditSeconds: 1,
    },
    trainingSeconds: 1,
    totalSeconds: 1,
    peakMemoryMb: 1,
    reported: { [text]: 1 },
  };
}

test('a measurement that was read holds nothing that acts on a screen, in any of its texts', () => {
  const read = measurementSchema.parse(saying(HOSTILE));
  assert.deepEqual(read, saying(SEEN));
  const texts: string[] = [];
  const gather = (value: unknown): void => {
    if (typeof value === 'string') texts.push(value);
    else if (typeof value === 'object' && value !== null)
      for (const [key, child] of Object.entries(value)) {
        texts.push(key);
        gather(child);
      }
  };
  gather(read);
  for (const text of texts) assert.ok(isVisible(text), JSON.stringify(text));
  assert.deepEqual(
    measurementSchema.parse({ ...saying(HOSTILE), outcome: { status: 'fault', message: HOSTILE } }).outcome,
    {
      status: 'fault',
      message: SEEN,
    },
  );
});
