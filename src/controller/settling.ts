/**
 * What was done lately. GitHub's lists lag behind what was just written: an action that they make look undone is not done again before
 * that many seconds have passed, then twice as many, and so on.
 */
import { backoff, LONGEST_BACKOFF_SECONDS } from './backoff.ts';

const SETTLE_SECONDS = 10;
/** While an action settles there is another look after that long, since another may be due first: often at first, when lists lag. */
const FIRST_LOOK_SECONDS = 2;
const LOOK_SECONDS = 30;

/** By an action's key: when it was last tried, and how often in a row. */
export type Done = Map<string, { at: Date; times: number }>;

/** For how many seconds an action still counts as done; 0 where it does not. */
export function settling(done: Done, key: string, now: Date): number {
  const last = done.get(key);
  if (!last) return 0;
  return Math.max(0, backoff(SETTLE_SECONDS, last.times) - secondsBetween(last.at, now));
}

/** When to look again while an action settles, in seconds. */
export function nextLook(done: Done, key: string, now: Date): number {
  const often = done.get(key)?.times === 1 ? FIRST_LOOK_SECONDS : LOOK_SECONDS;
  return Math.min(settling(done, key, now), often);
}

/** Notes that an action was tried, and forgets what was tried long ago. */
export function noteDone(done: Done, key: string, now: Date): void {
  const before = done.get(key)?.times ?? 0;
  for (const [old, { at }] of done)
    if (secondsBetween(at, now) > 2 * LONGEST_BACKOFF_SECONDS) done.delete(old);
  done.set(key, { at: now, times: before + 1 });
}

function secondsBetween(from: Date, to: Date): number {
  return (to.getTime() - from.getTime()) / 1000;
}
