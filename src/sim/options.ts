/** The command line of `npm run sim`. */
import { parseArgs } from 'node:util';
import { z } from 'zod';

export const USAGE = `npm run sim -- [--seed 1] [--campaigns 1000] [--jobs 2] [--trace]

--seed       of the first campaign; campaign i has the seed that many higher
--campaigns  how many
--jobs       worker threads
--trace      prints every event; for --campaigns 1`;

const whole = z.coerce.number().int();
const schema = z.strictObject({
  seed: whole.nonnegative().default(1),
  campaigns: whole.positive().default(1000),
  jobs: whole.min(1).max(256).optional(),
  trace: z.boolean().default(false),
  help: z.boolean().default(false),
});
export type Options = z.infer<typeof schema>;

/** Throws with a sentence for people where an option is unknown or no whole number. */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string' },
      campaigns: { type: 'string' },
      jobs: { type: 'string' },
      trace: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  const parsed = schema.safeParse(values);
  if (!parsed.success) throw new Error(z.prettifyError(parsed.error));
  return parsed.data;
}
