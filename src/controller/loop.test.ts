import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Action } from '../campaign/action.ts';
import { Refusal } from '../sim/model/refusal.ts';
import { campaignScene } from '../sim/scene.test-helper.ts';
import { createSchedule } from '../sim/schedule.ts';
import { startLoop } from './loop.ts';

/** A loop in virtual time. It waits for a trial, so it takes a step every 30 s. */
async function waiting() {
  const schedule = createSchedule(Date.parse('2026-03-08T00:00:00Z'));
  const scene = campaignScene(1);
  const steps: { at: number; what: Action['kind'] | 'failed' }[] = [];
  const note = (what: Action['kind'] | 'failed') => steps.push({ at: schedule.now() / 1000, what });
  /** Called with every call of the port, before it takes effect. */
  const calls: { interfere(call: string): void; seconds: number } = { interfere() {}, seconds: 0.1 };
  scene.line = async (call, _what, effect) => {
    await schedule.sleep(calls.seconds);
    calls.interfere(call);
    return effect();
  };
  const loop = startLoop(
    { ...scene.context, now: () => new Date(schedule.now()) },
    {
      pollSeconds: 60,
      sleep: schedule.sleep,
      seconds: () => schedule.now() / 1000,
      observer: {
        stepped: ({ kind }) => note(kind),
        failed: () => note('failed'),
        agentThrew: error => assert.fail(String(error)),
      },
    },
  );
  /** Lets time pass until `count` more steps were taken, and returns them. */
  const next = async (count: number) => {
    const before = steps.length;
    while (steps.length < before + count) assert.ok(await schedule.advance());
    return steps.slice(before);
  };
  while (steps.at(-1)?.what !== 'wait') await next(1);
  // Let its first actions settle.
  await next(4);
  return { schedule, loop, next, calls };
}

/** Whole seconds from each step to the next. */
function gaps(steps: readonly { at: number }[]): number[] {
  return steps.slice(1).map(({ at }, i) => Math.floor(at - (steps[i]?.at ?? 0)));
}

test('without a nudge a loop takes the next step when the plan says so', async () => {
  const { next } = await waiting();
  assert.deepEqual(gaps(await next(3)), [30, 30]);
});

test('a nudge wakes a waiting loop', async () => {
  const { schedule, loop, next } = await waiting();
  const [last] = await next(1);
  schedule.after(5, loop.nudge);
  const [woken] = await next(1);
  assert.deepEqual(gaps([last ?? assert.fail(), woken ?? assert.fail()]), [5]);
});

test('a nudge during a step is followed by another step right away', async () => {
  const { loop, next, calls } = await waiting();
  calls.interfere = call => {
    if (call !== 'commentsSince') return;
    calls.interfere = () => {};
    loop.nudge();
  };
  assert.deepEqual(gaps(await next(3)), [0, 30]);
});

test('after failures a loop waits 1, 2, 4 seconds, or as long as a rate limit lasts', async () => {
  const { next, calls } = await waiting();
  const refusals = [
    new Refusal(502, 'Bad Gateway'),
    new Refusal(502, 'Bad Gateway'),
    new Refusal(502, 'Bad Gateway'),
    new Refusal(403, 'You have exceeded a secondary rate limit.', { 'retry-after': '60' }),
  ];
  calls.interfere = call => {
    const refusal = call === 'about' ? refusals.shift() : undefined;
    if (refusal) throw refusal;
  };
  const steps = await next(6);
  assert.deepEqual(
    steps.map(({ what }) => what),
    ['failed', 'failed', 'failed', 'failed', 'wait', 'wait'],
  );
  assert.deepEqual(gaps(steps), [1, 2, 4, 60, 30]);
});

test('a loop whose steps take long rests after each, also if it is woken all the time or they fail', async () => {
  const { loop, next, calls } = await waiting();
  calls.interfere = () => loop.nudge();
  const gapAt = async (seconds: number) => {
    calls.seconds = seconds;
    await next(2);
    return gaps(await next(2))[0] ?? 0;
  };
  const calledInTurn = await gapAt(1);
  assert.ok(calledInTurn >= 4 && calledInTurn <= 10, `a step without a rest: ${calledInTurn} s`);
  assert.equal(await gapAt(5), 5 * calledInTurn + (5 * calledInTurn - 10));
  assert.equal(await gapAt(100), 100 * calledInTurn + 120, 'it rests for at most two minutes');
  calls.interfere = call => {
    if (call === 'about') throw new Refusal(502, 'Bad Gateway');
  };
  assert.equal(await gapAt(40), 40 + 30, 'rather than for the seconds that another failure would wait');
});

test('a stopped loop finishes its current step and takes no other', async () => {
  const { schedule, loop, next, calls } = await waiting();
  const seen: string[] = [];
  let stopped: number | null = null;
  calls.interfere = call => {
    seen.push(call);
    if (call === 'about')
      void loop.stop().then(() => {
        stopped = schedule.now() / 1000;
      });
  };
  const [last] = await next(1);
  while (await schedule.advance());
  assert.equal(stopped, last?.at);
  assert.equal(seen.filter(call => call === 'about').length, 1);
  assert.ok(seen.includes('runs'), 'the step was finished');
});

test('a loop that is stopped while waiting ends at once', async () => {
  const { schedule, loop } = await waiting();
  const began = schedule.now();
  const stopped = loop.stop().then(() => schedule.now());
  while (await schedule.advance());
  assert.equal(await stopped, began);
});
