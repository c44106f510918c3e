/** Durations in a contract, and how long a trial may take. */
import { z } from 'zod';

const SECONDS_PER = { s: 1, m: 60, h: 3600 } as const;
const MOST_SECONDS = 86_400;
/** A runner starts Python and loads data before the budget begins, and scores after it. */
const LEAST_ROOM_SECONDS = 10;
const LEAST_ROOM_SHARE = 0.1;
/** Beside a budget that a comment sets, which nobody has checked against the contract's timeout. */
const OVERRIDDEN_ROOM_SECONDS = 30;

/** A duration like `90s`, `5m`, `1h`, as seconds. */
export const durationSchema = z
  .string()
  .regex(/^\d+(\.\d+)?(s|m|h)$/, 'expected a duration such as 90s, 5m or 1h')
  .transform(text => Number(text.slice(0, -1)) * SECONDS_PER[text.slice(-1) as keyof typeof SECONDS_PER])
  .refine(seconds => seconds > 0 && seconds <= MOST_SECONDS, 'expected a duration above 0 and up to 24h');

/** As `durationSchema` reads it. */
export function writeDuration(seconds: number): string {
  const [unit, size] = Object.entries(SECONDS_PER).findLast(([, size]) => seconds % size === 0) ?? ['s', 1];
  return `${Number((seconds / size).toFixed(3))}${unit}`;
}

/** The shortest timeout that leaves time for start-up and scoring. */
export function leastTimeout(budget: number): number {
  return Math.ceil(budget + Math.max(LEAST_ROOM_SECONDS, LEAST_ROOM_SHARE * budget));
}

/** The timeout of a contract that sets none. */
export function defaultTimeout(budget: number): number {
  return Math.min(MOST_SECONDS, Math.max(2 * budget, budget + 120));
}

/** The timeout of a trial whose budget may be another than the contract's: it leaves as much time beside the budget. */
export function timeoutOf(trial: { budget: number; timeout: number }, budget: number): number {
  return Math.max(
    budget + Math.max(OVERRIDDEN_ROOM_SECONDS, trial.timeout - trial.budget),
    leastTimeout(budget),
  );
}
