/** One serial loop per repository: looks and acts until there is nothing to do, then waits for a nudge or the clock. */
import type { Action } from '../campaign/action.ts';
import type { Context } from '../github/context.ts';
import { limitSeconds } from '../github/errors.ts';
import { createThinking } from '../github/thinking.ts';
import { backoff } from './backoff.ts';
import { type Bell, createBell } from './bell.ts';
import type { Sleep } from './sleep.ts';
import { emptyLoopMemory, step } from './step.ts';

export interface Loop {
  /** Look again now, or right after what is being done. */
  nudge(): void;
  /** Ends the loop after the action in progress. */
  stop(): Promise<void>;
}

export interface LoopSettings {
  /** Longest time between two looks. */
  pollSeconds: number;
  sleep: Sleep;
  observer: LoopObserver;
  /** What must have ended first, such as the loop that this one replaces. */
  before?: Promise<void>;
}

/** Is told what a loop does, in order to log it or to check it. */
export interface LoopObserver {
  /** A step was taken; `isThinking`: agents are still thinking beside the loop. */
  stepped(action: Action, isThinking: boolean): void;
  /** A step failed, and another is taken later. */
  failed(error: unknown): void;
  /** An agent threw, which counts as a failed thought. */
  agentThrew(error: unknown): void;
}

/** Waits after failures: 1, 2, 4 … seconds. */
const FIRST_BACKOFF_SECONDS = 1;

/** Starts the loop of one repository. */
export function startLoop(context: Omit<Context, 'thinking'>, settings: LoopSettings): Loop {
  const stopping = new AbortController();
  const bell = createBell(settings.sleep);
  const thinking = createThinking(
    () => bell.ring(),
    error => settings.observer.agentThrew(error),
  );
  const running = (settings.before ?? Promise.resolve()).then(() =>
    run({ ...context, thinking }, settings, bell, stopping.signal),
  );
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

async function run(
  context: Context,
  { pollSeconds, sleep, observer }: LoopSettings,
  bell: Bell,
  stopping: AbortSignal,
): Promise<void> {
  const memory = emptyLoopMemory();
  let failures = 0;
  while (!stopping.aborted) {
    try {
      bell.clear();
      const action = await step(context, memory);
      failures = 0;
      const isThinking = context.thinking.thoughts().some(({ state }) => state === 'thinking');
      observer.stepped(action, isThinking);
      if (action.kind === 'wait') await bell.wait(Math.min(action.seconds, pollSeconds));
    } catch (error) {
      if (stopping.aborted) return;
      failures += 1;
      observer.failed(error);
      await sleep(Math.max(limitSeconds(error), backoff(FIRST_BACKOFF_SECONDS, failures)), stopping);
    }
  }
}
