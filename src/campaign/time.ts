/** Seconds from an ISO time until now; infinite if it is not a time. */
export function secondsSince(time: string, now: Date): number {
  const then = Date.parse(time);
  return Number.isNaN(then) ? Number.POSITIVE_INFINITY : (now.getTime() - then) / 1000;
}
