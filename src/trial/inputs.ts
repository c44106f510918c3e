/** The action's inputs, which the runner passes as `INPUT_<NAME>` in the environment. */
import { z } from 'zod';
import { shaSchema, trialIdSchema } from '../protocol/measurement.ts';
import { STOP_INPUT, stopBarSchema } from '../protocol/stop-bar.ts';

/** The workflow passes an empty string if the App has not set the input. */
const optionalNumber = z
  .string()
  .default('')
  .transform(text => (text === '' ? null : Number(text)))
  .refine(value => value === null || Number.isFinite(value), 'expected a number or nothing');

const inputsSchema = z.object({
  trial: trialIdSchema,
  base: z.string().min(1),
  candidate: z.string().min(1),
  'base-sha': shaSchema,
  'candidate-sha': shaSchema,
  seed: z.coerce.number().int().nonnegative(),
  budget: z.coerce.number().positive(),
  timeout: z.coerce.number().positive(),
  command: z.string().min(1),
  readable: z
    .string()
    .default('')
    .transform(text => text.split('\n').flatMap(line => line.trim() || [])),
  threshold: optionalNumber,
  'champion-startup': optionalNumber,
  'champion-scoring': optionalNumber,
  [STOP_INPUT]: stopBarSchema.default(null),
});

export type ActionInputs = z.infer<typeof inputsSchema>;

/** Reads the inputs. Throws an error that names every missing or invalid input. */
export function readInputs(env: NodeJS.ProcessEnv): ActionInputs {
  const names = Object.keys(inputsSchema.shape);
  const given = Object.fromEntries(names.map(name => [name, env[`INPUT_${name.toUpperCase()}`]?.trim()]));
  const parsed = inputsSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(
    issue =>
      `${issue.path.join('.')}: ${issue.message}, found ${JSON.stringify(given[String(issue.path[0])])}`,
  );
  throw new Error(`Invalid inputs of the action: ${problems.join('; ')}`);
}
