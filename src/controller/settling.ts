/**
 * Recent actions. GitHub's lists lag behind writes, so an action can look as if it had not been done. It is repeated only after 10 s,
 * then after 20 s, and so on.
 */
import { backoff, LONGEST_BACKOFF_SECONDS } from './backoff.ts';

const SETTLE_SECONDS = 10;
/** Wait before the next step while an action settles, since another action may be due by then: short at first, because most lags are. */
const FIRST_STEP_SECONDS = 2;
const STEP_SECONDS = 30;

/** By an action's key: when it was last tried, and how often in a row. */
export type Done = Map<string, { at: Date; times: number }>;

/** For how many more seconds an action counts as done; 0 if it does not. */
export function settling(done: Done, key: string, now: Date): number {
  const last = done.get(key);
  if (!last) return 0;
  return Math.max(0, backoff(SETTLE_SECONDS, last.times) - secondsBetween(last.at, now));
}

/** Seconds until the next step while an action settles. */
export function nextStep(done: Done, key: string, now: Date): number {
  const often = done.get(key)?.times === 1 ? FIRST_STEP_SECONDS : STEP_SECONDS;
  return Math.min(settling(done, key, now), often);
}

/** Records that an action was tried, and forgets old ones. */
export function noteDone(done: Done, key: string, now: Date): void {
  const before = done.get(key)?.times ?? 0;
  for (const [old, { at }] of done)
    if (secondsBetween(at, now) > 2 * LONGEST_BACKOFF_SECONDS) done.delete(old);
  done.set(key, { at: now, times: before + 1 });
}

function secondsBetween(from: Date, to: Date): number {
  return (to.getTime() - from.getTime()) / 1000;
}
