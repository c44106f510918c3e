import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lastOccurrence, timeOfDaySchema } from './time-of-day.ts';

const last = (text: string, now: string) =>
  lastOccurrence(timeOfDaySchema.parse(text), new Date(now)).toISOString().slice(0, 16);

test('a time of day is that of a zone, today or yesterday', () => {
  assert.equal(last('08:00', '2026-11-28T08:00:00Z'), '2026-11-28T08:00');
  assert.equal(last('08:00', '2026-11-28T07:59:59Z'), '2026-11-27T08:00');
  assert.equal(last('08:00 Europe/Berlin', '2026-11-28T07:00:00Z'), '2026-11-28T07:00');
  assert.equal(last('08:00 Europe/Berlin', '2026-07-28T06:30:00Z'), '2026-07-28T06:00');
  // In New York it is still the day before.
  assert.equal(last('22:00 America/New_York', '2026-11-28T03:30:00Z'), '2026-11-28T03:00');
  // In Auckland it is the next day already.
  assert.equal(last('7:30 Pacific/Auckland', '2026-11-27T19:00:00Z'), '2026-11-27T18:30');
});

test('the hour that the clock skips or repeats has a moment, too', () => {
  assert.equal(last('02:30 Europe/Berlin', '2026-03-29T12:00:00Z').slice(0, 10), '2026-03-29');
  assert.equal(last('08:00 Europe/Berlin', '2026-03-29T12:00:00Z'), '2026-03-29T06:00');
  assert.equal(last('08:00 Europe/Berlin', '2026-10-25T12:00:00Z'), '2026-10-25T07:00');
});

test('anything else is refused with an example', () => {
  for (const text of ['8', '25:00', '08:60', '08:00 Mars/Olympus', 'morning', '']) {
    const parsed = timeOfDaySchema.safeParse(text);
    assert.match(parsed.error?.issues[0]?.message ?? '', /such as 08:00 Europe\/Berlin/, text);
  }
});
