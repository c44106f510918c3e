/** One serial loop per repository: takes steps until there is nothing to do, then waits for a nudge or until the next step is due. */
import type { Action } from '../campaign/action.ts';
import type { Context } from '../github/context.ts';
import { limitSeconds } from '../github/errors.ts';
import { createThinking } from '../github/thinking.ts';
import { backoff } from './backoff.ts';
import { type Bell, createBell } from './bell.ts';
import type { Sleep } from './sleep.ts';
import { emptyLoopMemory, step } from './step.ts';

export interface Loop {
  /** Takes the next step now, or right after the current one. */
  nudge(): void;
  /** Ends the loop after the current step. */
  stop(): Promise<void>;
}

export interface LoopSettings {
  /** Longest wait between two steps. */
  pollSeconds: number;
  sleep: Sleep;
  /** Seconds since any fixed moment, by a clock that nobody sets. */
  seconds(): number;
  observer: LoopObserver;
  /** Resolves when the loop may start, for example when the one that it replaces has ended. */
  before?: Promise<void>;
}

/** Is told what a loop does: for the log, or for a simulation's checks. */
export interface LoopObserver {
  /** A step succeeded. `isThinking`: agents are still thinking in the background. */
  stepped(action: Action, isThinking: boolean): void;
  /** A step failed. The loop retries after a wait. */
  failed(error: unknown): void;
  /** An agent threw. This counts as a failed thought. */
  agentThrew(error: unknown): void;
}

/** After failures the loop waits 1, 2, 4 … seconds. */
const FIRST_BACKOFF_SECONDS = 1;

/**
 * All repositories share a thread and, where one account installed the App, a rate limit. A repository whose steps take longer than this,
 * because it is large or GitHub is slow with it, rests after each for as long as that step took beyond it, so that it uses at most about
 * half of what there is.
 */
const STEP_SECONDS = 10;
const LONGEST_REST_SECONDS = 120;

/** Starts the loop of one repository. */
export function startLoop(context: Omit<Context, 'thinking'>, settings: LoopSettings): Loop {
  const stopping = new AbortController();
  const bell = createBell(settings.sleep);
  const thinking = createThinking(
    () => bell.ring(),
    error => settings.observer.agentThrew(error),
  );
  const start = () => run({ ...context, thinking }, settings, bell, stopping.signal);
  const running = settings.before ? settings.before.then(start) : start();
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
  { pollSeconds, sleep, seconds, observer }: LoopSettings,
  bell: Bell,
  stopping: AbortSignal,
): Promise<void> {
  const memory = emptyLoopMemory();
  let failures = 0;
  while (!stopping.aborted) {
    const began = seconds();
    const rest = () => Math.min(seconds() - began - STEP_SECONDS, LONGEST_REST_SECONDS);
    try {
      bell.clear();
      const action = await step(context, memory);
      failures = 0;
      const isThinking = context.thinking.thoughts().some(({ state }) => state === 'thinking');
      observer.stepped(action, isThinking);
      if (rest() > 0) await sleep(rest(), stopping);
      if (action.kind === 'wait') await bell.wait(Math.min(action.seconds, pollSeconds));
    } catch (error) {
      if (stopping.aborted) return;
      failures += 1;
      observer.failed(error);
      const wait = Math.max(limitSeconds(error), backoff(FIRST_BACKOFF_SECONDS, failures), rest());
      await sleep(wait, stopping);
    }
  }
}
