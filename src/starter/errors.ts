/** Errors in what the user asked for. */
import { durationSchema } from '../protocol/duration.ts';

/** The user asked for something invalid: exit code 2. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** Seconds in a duration that `durationText` has accepted. */
export function secondsOf(duration: string): number {
  return durationSchema.parse(duration);
}
