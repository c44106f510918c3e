/** Errors that the command line reports in one line, without a stack trace. */
import { InvalidArgumentError } from 'commander';
import { durationSchema } from '../protocol/duration.ts';

/** The request was valid but failed: exit code 1. */
export class CommandError extends Error {
  override name = 'CommandError';
}

/** An option parser for whole numbers from `min` to `max`. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return text => {
    const number = Number(text);
    if (!/^\d+$/.test(text) || number < min || number > max)
      throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
    return number;
  };
}

/** An option parser for durations such as 90s, 5m or 1h, which are checked and kept as text. */
export function durationText(text: string): string {
  const parsed = durationSchema.safeParse(text);
  if (!parsed.success)
    throw new InvalidArgumentError('Expected a duration of at most 24h, such as 90s, 5m or 1h.');
  return text;
}
