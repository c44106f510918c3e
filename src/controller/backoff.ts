/** Exponential backoff: `firstSeconds`, then twice as long each time, up to two minutes. */
export const LONGEST_BACKOFF_SECONDS = 120;

/** Seconds to wait after the same thing happened `times` times in a row. */
export function backoff(firstSeconds: number, times: number): number {
  return Math.min(LONGEST_BACKOFF_SECONDS, firstSeconds * 2 ** (times - 1));
}
