import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMeasurable, type Measurement, MOST, measurementSchema } from './measurement.ts';
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
    conditions: null,
    trainingSeconds: 1,
    totalSeconds: 1,
    peakMemoryMb: 1,
    reported: { [text]: 1 },
    numbers: {},
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

/** Every path to a number in a measurement. */
function numbersIn(value: unknown, path: string[] = []): string[][] {
  if (typeof value === 'number') return [path];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => numbersIn(child, [...path, key]));
}

function withNumber(value: unknown, [key, ...rest]: string[], number: number): unknown {
  if (key === undefined) return number;
  return { ...(value as object), [key]: withNumber((value as Record<string, unknown>)[key], rest, number) };
}

test('no number of a measurement is beyond what can be calculated with', () => {
  const measured: Measurement = {
    ...saying('x'),
    outcome: { status: 'measured', value: 1 },
    preview: 1,
  };
  const stopped: Measurement = { ...saying('x'), outcome: { status: 'stopped', value: 1, at: 0.5 } };
  for (const measurement of [measured, stopped])
    for (const path of numbersIn(measurement))
      for (const number of [9e299, -9e299, 2 * MOST, -2 * MOST]) {
        const read = measurementSchema.safeParse(withNumber(measurement, path, number));
        // What is shown alone may be left out.
        if (path.join() === 'preview') assert.equal(read.data?.preview, null);
        else assert.equal(read.success, false, `${path.join('.')}: ${number}`);
      }
  for (const value of [MOST, -MOST, 0, 5e-324])
    assert.ok(
      measurementSchema.safeParse({ ...measured, outcome: { status: 'measured', value }, preview: value })
        .success,
    );
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 1.1 * MOST])
    assert.equal(isMeasurable(value), false);
});

test('a measurement that was read holds no token, in any of its texts', () => {
  const token = `ghs_${'0f'.repeat(16)}`;
  assert.doesNotMatch(JSON.stringify(measurementSchema.parse(saying(token))), /ghs_/);
  const inside = measurementSchema.parse(saying(`'${token}'`));
  assert.deepEqual(inside, saying("'***'"));
});
