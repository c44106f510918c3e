import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createServerClock, tellingClock } from './server-clock.ts';

const HOUR_MS = 3_600_000;
const NOON = Date.parse('2026-03-08T12:00:00Z');

test('a clock that is right stays as it is, to the millisecond', () => {
  const clock = createServerClock(() => new Date(NOON + 900));
  clock.heard('Sun, 08 Mar 2026 12:00:00 GMT', NOON + 850, NOON + 950);
  assert.equal(clock.now().getTime(), NOON + 900);
});

test('whatever this machine says, the time is GitHub’s, and does not jump with every answer', async () => {
  for (const wrong of [-30 * HOUR_MS, 10 * HOUR_MS, 700_000]) {
    let truth = NOON;
    const local = () => new Date(truth + wrong);
    const clock = createServerClock(local);
    const send = tellingClock(
      clock,
      local,
    )(async () => {
      truth += 80;
      const date = new Date(truth).toUTCString();
      truth += 80;
      return new Response('', { headers: { date } });
    });
    await send('https://api.github.test');
    const offset = () => clock.now().getTime() - truth;
    assert.ok(Math.abs(offset()) <= 700, `${offset()} ms`);
    const first = offset();
    truth += 5000;
    await send('https://api.github.test');
    assert.ok(Math.abs(offset() - first) <= 700);
  }
});

test('an answer without a date, or with a strange one, says nothing', () => {
  const clock = createServerClock(() => new Date(NOON));
  clock.heard('', NOON, NOON);
  clock.heard('tomorrow', NOON, NOON);
  assert.equal(clock.now().getTime(), NOON);
});
