/** What GitHub refuses for good is not asked for ever: after a few times it is skipped, and retried every hour. */

import type { Context } from './context.ts';
import { errorFacts } from './error-facts.ts';
import { isPermanent, messageOf } from './errors.ts';

/** What looks permanent may be a list that lags, so it is tried this often. */
const TRIES = 3;
const RETRY_SECONDS = 3600;

export interface Refusals {
  /** By an action's key: how often in a row GitHub refused it with the same message. */
  counts: Map<string, { message: string; times: number }>;
  /** When actions were last skipped, by their keys. */
  skipped: Map<string, Date>;
}

export function noRefusals(): Refusals {
  return { counts: new Map(), skipped: new Map() };
}

/** Whether an action was refused less than an hour ago. After that people may have fixed what was in its way. */
export function isSkipped({ skipped }: Refusals, key: string, now: Date): boolean {
  const at = skipped.get(key);
  return at !== undefined && now.getTime() - at.getTime() < RETRY_SECONDS * 1000;
}

export function skip({ counts, skipped }: Refusals, key: string, now: Date): void {
  skipped.set(key, now);
  counts.delete(key);
}

/** Counts a failure, and tells whether it is the third permanent one in a row with the same message. */
export function isRefusedForGood({ counts }: Refusals, key: string, error: unknown): boolean {
  if (!isPermanent(error)) {
    counts.delete(key);
    return false;
  }
  // When GitHub is in trouble its messages vary; a true refusal stays the same.
  const message = messageOf(error);
  const before = counts.get(key);
  const times = before?.message === message ? before.times + 1 : 1;
  counts.set(key, { message, times });
  return times >= TRIES;
}

/**
 * Does work that is no action of the plan's, and returns its result; null where GitHub refuses it for good, which is logged, and for an
 * hour after that. Throws the first failures.
 */
export async function unlessRefused<T>(
  { log, now }: Context,
  refusals: Refusals,
  key: string,
  work: () => Promise<T>,
): Promise<T | null> {
  if (isSkipped(refusals, key, now())) return null;
  try {
    const result = await work();
    refusals.counts.delete(key);
    return result;
  } catch (error) {
    if (!isRefusedForGood(refusals, key, error)) throw error;
    log.error({ ...errorFacts(error), action: key }, 'GitHub refused an action; skipped, retried every hour');
    skip(refusals, key, now());
    return null;
  }
}
