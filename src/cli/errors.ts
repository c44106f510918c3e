/** What the command line says when it cannot do what was asked: one line, no stack trace. */
import { InvalidArgumentError } from 'commander';
import { durationSchema } from '../protocol/contract.ts';

/** The request was fine and could not be carried out: exit code 1. */
export class CommandError extends Error {
  override name = 'CommandError';
}

/** A parser for commander: whole numbers from `min` to `max`. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return text => {
    const number = Number(text);
    if (!/^\d+$/.test(text) || number < min || number > max)
      throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
    return number;
  };
}

/** A parser for commander: durations such as 90s, 5m or 1h, checked and kept as text. */
export function durationText(text: string): string {
  const parsed = durationSchema.safeParse(text);
  if (!parsed.success)
    throw new InvalidArgumentError('Expected a duration such as 90s, 5m or 1h, at most 24h.');
  return text;
}
