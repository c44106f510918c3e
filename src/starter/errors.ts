/** What a user asked for that cannot be. */
import { durationSchema } from '../protocol/contract.ts';

/** The user asked for something that cannot be: exit code 2. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** The seconds of a duration that `durationText` has let through. */
export function secondsOf(duration: string): number {
  return durationSchema.parse(duration);
}
