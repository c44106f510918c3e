/** One serial loop per repository: observe, plan, apply, until there is nothing to do; then wait for a nudge or the clock. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Action } from './campaign/action.ts';
import { planWithout } from './campaign/plan/skip-refused.ts';
import { apply } from './github/act/apply.ts';
import { type ExportMemory, exportLog } from './github/act/export.ts';
import { refreshPromotions } from './github/act/promote.ts';
import type { Context } from './github/context.ts';
import { limitSeconds, statusOf } from './github/errors.ts';
import { forgetEnded } from './github/observe/campaigns.ts';
import { emptyMemory, type Memory } from './github/observe/memory.ts';
import { observe } from './github/observe/observe.ts';
import { giveUp, isGivenUp, unlessRefused } from './github/refusals.ts';
import { refreshStatus } from './github/state.ts';
import { createThinking, dropUnwanted } from './github/thinking.ts';

export interface Loop {
  /** Look again now, or right after what is being done. */
  nudge(): void;
  /** Ends the loop after the action in progress. */
  stop(): Promise<void>;
}

/** Waits after failures: 1, 2, 4 … seconds. */
const FIRST_BACKOFF_SECONDS = 1;
const LONGEST_BACKOFF_SECONDS = 120;
/**
 * GitHub's lists lag behind what was just written. An action that they make look undone is not done again before that
 * many seconds have passed, then twice as many, and so on.
 */
const SETTLE_SECONDS = 10;
/** While an action settles there is another look after that long, since another may be due first: often at first, when lists lag. */
const FIRST_SETTLING_LOOK_SECONDS = 2;
const SETTLING_LOOK_SECONDS = 30;

/**
 * Starts the loop of one repository.
 * @param pollSeconds longest time between two looks
 * @param before what must have ended first, such as the loop that this one replaces
 */
export function startLoop(
  context: Omit<Context, 'signal' | 'thinking'>,
  pollSeconds: number,
  before: Promise<void> = Promise.resolve(),
): Loop {
  const stopping = new AbortController();
  const bell = createBell();
  const thinking = createThinking(
    () => bell.ring(),
    error => context.log.error({ err: error }, 'an agent threw'),
  );
  const full: Context = { ...context, thinking, signal: stopping.signal };
  const running = before.then(() => run(full, bell, pollSeconds));
  return {
    nudge: () => bell.ring(),
    stop: async () => {
      stopping.abort();
      bell.ring();
      await running;
      for (const { id } of thinking.thoughts()) thinking.drop(id);
    },
  };
}

async function run(context: Context, bell: Bell, pollSeconds: number): Promise<void> {
  const memory = emptyLoopMemory();
  let failures = 0;
  while (!context.signal.aborted) {
    try {
      bell.clear();
      const { action, seconds } = await step(context, memory);
      failures = 0;
      if (action.kind === 'wait') await bell.wait(Math.min(seconds, pollSeconds));
    } catch (error) {
      if (context.signal.aborted) return;
      failures += 1;
      const status = statusOf(error);
      context.log.error(
        { err: error, repository: context.port.repository, status },
        'a look failed; trying again',
      );
      const seconds = Math.max(limitSeconds(error), backoff(FIRST_BACKOFF_SECONDS, failures));
      await pauseFor(seconds, context.signal);
    }
  }
}

/** What a loop remembers from look to look; losing it costs requests only. */
export type LoopMemory = Memory & { export: ExportMemory; done: Map<string, Done> };

/** An action that was tried: at what time at last, and how often in a row. */
interface Done {
  at: Date;
  times: number;
}

export function emptyLoopMemory(): LoopMemory {
  return { ...emptyMemory(), export: { results: null, writtenAt: null }, done: new Map() };
}

/** One look and one action; `wait` says for how many seconds at most. Throws what GitHub or the network did wrong. */
export async function step(
  context: Context,
  memory: LoopMemory,
): Promise<{ action: Action; seconds: number }> {
  const { port } = context;
  const now = context.now();
  const seen = await observe(port, memory, now);
  dropUnwanted(context.thinking, seen);
  const snapshot = { ...seen, thoughts: context.thinking.thoughts() };
  const { refusals } = memory;
  const action = planWithout(
    snapshot,
    now,
    planned =>
      isGivenUp(refusals, nameOf(planned), now) ||
      // A run may take minutes to end that GitHub was asked to cancel, and nothing waits for that.
      (planned.kind === 'tidy' && settling(memory.done.get(nameOf(planned)), now) > 0),
  );
  if (action.kind !== 'wait') {
    const name = nameOf(action);
    // The list of pull requests may not show yet what a branch was made for, and deleting the branch would close it.
    if (action.kind === 'clean' && !memory.done.has(name)) remember(memory.done, name, now);
    // What is only thought about leaves no trace on GitHub that could lag.
    const last = memory.done.get(name);
    const left = action.kind === 'think' ? 0 : settling(last, now);
    if (left > 0) {
      const look = last?.times === 1 ? FIRST_SETTLING_LOOK_SECONDS : SETTLING_LOOK_SECONDS;
      const seconds = Math.min(left, look);
      return { action: { kind: 'wait', seconds }, seconds };
    }
    try {
      await apply(context, snapshot, action);
      refusals.counts.delete(name);
    } catch (error) {
      if (!(await giveUp(context, snapshot, action, name, refusals, error))) throw error;
    } finally {
      // What failed may have been done by half, or wholly with the answer lost.
      remember(memory.done, name, context.now());
    }
    return { action, seconds: 0 };
  }
  const status = await refreshStatus(port, snapshot, now);
  await refreshPromotions(context, snapshot, refusals);
  forgetEnded(memory, snapshot);
  const log = await unlessRefused(context, refusals, 'the export', () =>
    exportLog(context, snapshot, memory.export, now),
  );
  return { action, seconds: Math.min(action.seconds, status ?? Infinity, log ?? Infinity) };
}

/**
 * What an action is about: doing it twice in a row has the same name. The number of a new experiment is not what it is about, and neither
 * are a reason's words, which may change with the clock.
 */
function nameOf(action: Action): string {
  const subject = JSON.stringify(action, (key, value) => {
    if (key === 'number' || key === 'reason' || key === 'contract' || key === 'base') return undefined;
    return key === 'campaign' || key === 'experiment' ? (value?.issue ?? value?.pull) : value;
  });
  return subject.slice(0, 300);
}

/** For how many seconds yet an action counts as done so lately that lists may not show it; 0 where it does not. */
function settling(last: Done | undefined, now: Date): number {
  if (!last) return 0;
  return Math.max(0, backoff(SETTLE_SECONDS, last.times) - (now.getTime() - last.at.getTime()) / 1000);
}

/** Notes that an action was done; what was done long ago does not count any more. */
function remember(done: Map<string, Done>, name: string, now: Date): void {
  const before = done.get(name)?.times ?? 0;
  for (const [old, { at }] of done)
    if (now.getTime() - at.getTime() > 2 * LONGEST_BACKOFF_SECONDS * 1000) done.delete(old);
  done.set(name, { at: now, times: before + 1 });
}

/** The first time `first` seconds, then twice as long each time. */
function backoff(first: number, times: number): number {
  return Math.min(LONGEST_BACKOFF_SECONDS, first * 2 ** (times - 1));
}

async function pauseFor(seconds: number, signal: AbortSignal): Promise<void> {
  await sleep(seconds * 1000, undefined, { signal }).catch(() => undefined);
}

interface Bell {
  ring(): void;
  clear(): void;
  /** Resolves when it rings, at once if it rang since `clear`, or after `seconds`. */
  wait(seconds: number): Promise<void>;
}

function createBell(): Bell {
  let rang = false;
  let wake: (() => void) | null = null;
  return {
    ring: () => {
      rang = true;
      wake?.();
    },
    clear: () => {
      rang = false;
    },
    wait: seconds =>
      new Promise(resolve => {
        const timer = setTimeout(done, rang ? 0 : seconds * 1000);
        wake = done;
        function done() {
          clearTimeout(timer);
          wake = null;
          resolve();
        }
      }),
  };
}
