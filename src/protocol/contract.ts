/** The contract of a repository, `.github/research.yml`: one editable scope, one metric, one budget. */
import { z } from 'zod';
import { abilitiesOf, agentSchema, priceOf } from './agents.ts';
import { compilePattern } from './pattern.ts';
import { isVisible, visible } from './visible.ts';

export const CONTRACT_PATH = '.github/research.yml';
/** Value of `base` with which every campaign works on a branch of its own. */
export const CAMPAIGN_BASE = 'campaign';

const pathSchema = pathInside('the repository');

function pathInside(place: string) {
  return z
    .string()
    .min(1)
    .refine(
      path => !path.startsWith('/') && !path.split('/').includes('..'),
      `expected a path inside ${place}`,
    )
    .refine(isVisible, 'expected a path without control characters')
    .transform(withoutSlash);
}

function withoutSlash(path: string): string {
  let end = path.length;
  while (path[end - 1] === '/') end--;
  return path.slice(0, end);
}

const SECONDS_PER = { s: 1, m: 60, h: 3600 } as const;

/** A duration like `90s`, `5m`, `1h`, as seconds. */
export const durationSchema = z
  .string()
  .regex(/^\d+(\.\d+)?(s|m|h)$/, 'expected a duration such as 90s, 5m or 1h')
  .transform(text => Number(text.slice(0, -1)) * SECONDS_PER[text.slice(-1) as keyof typeof SECONDS_PER])
  .refine(seconds => seconds > 0 && seconds <= 86_400, 'expected a duration above 0 and up to 24h');

/** The sources of a metric. A contract names at most one; without one, the last output line `<name>: <number>` counts. */
const SOURCES = ['referee', 'pattern', 'file'] as const;

/** Characters of a regular expression. */
const MAX_PATTERN = 500;

/** The path of a number in a JSON file: `latency.p99`, `runs.0.score`. */
const keySchema = z
  .string()
  .regex(/^[^.]+(\.[^.]+)*$/, 'expected names and indices separated by dots, such as latency.p99');

/**
 * The number to improve. With `referee`, a program of the base trains the candidate and scores it from outside. Without it, the candidate's
 * command reports the number: in a line that `pattern` matches, at `key` of the JSON `file` (below $TMPDIR), or as `<name>: <number>`.
 */
const metricSchema = z
  .strictObject({
    name: z.string().trim().min(1).max(40).refine(isVisible, 'expected a name without control characters'),
    goal: z.enum(['minimize', 'maximize']),
    referee: pathSchema.optional(),
    pattern: z
      .string()
      .max(MAX_PATTERN)
      // Text that is copied from a comment may have invisible characters, which keep GitHub from making links.
      .overwrite(visible)
      .check(({ value, issues }) => {
        if (value.length > MAX_PATTERN) return;
        const pattern = compilePattern(value);
        if (pattern.kind === 'pattern') return;
        const message = `expected a regular expression with exactly one group, which captures the number (${pattern.problem})`;
        issues.push({ code: 'custom', message, input: value });
      })
      .optional(),
    file: pathInside('$TMPDIR').optional(),
    key: keySchema.optional(),
  })
  .check(({ value: metric, issues }) => {
    const report = (key: string, message: string, input: unknown) =>
      issues.push({ code: 'custom', path: [key], message, input });
    const [first, second] = SOURCES.filter(source => metric[source] !== undefined);
    if (first !== undefined && second !== undefined)
      report(second, `expected only one of ${SOURCES.join(', ')}`, `${second} in addition to ${first}`);
    if (metric.file !== undefined && metric.key === undefined)
      report('file', 'expected key together with file, such as key: latency.p99', 'file alone');
    if (metric.key !== undefined && metric.file === undefined)
      report('key', 'expected file together with key, such as file: result.json', 'key alone');
    if (metric.referee !== undefined && metric.goal !== 'minimize')
      report('goal', 'expected minimize, because a referee measures a code length', metric.goal);
  });

const keysSchema = z.strictObject({
  /** The only paths that an experiment may change. */
  editable: z.array(pathSchema).min(1).max(20).default(['trainer/train.py']),
  brief: pathSchema.default('trainer/program.md'),
  metric: metricSchema.default({ name: 'val_bpb', goal: 'minimize', referee: 'trainer/referee.py' }),
  trial: z
    .strictObject({
      workflow: z
        .string()
        .regex(/^[\w.-]+\.ya?ml$/, 'expected the name of a file in .github/workflows')
        .default('experiment.yml'),
      budget: durationSchema.default(300),
      /** What a referee counts the budget in, on a CPU: seconds by the wall clock, or the CPU seconds of the candidate's processes. */
      clock: z.enum(['wall', 'cpu']).default('wall'),
      timeout: durationSchema.default(600),
    })
    .prefault({}),
  gate: z
    .strictObject({
      false_merges: z.number().gt(0).lt(0.5).default(0.1),
      max_trials: z.int().min(2).max(10).default(4),
      /** `greedy` merges whatever scores better once, as the original *autoresearch* does; for comparison. */
      rule: z.enum(['bayes', 'greedy']).default('bayes'),
      /** Whether a first trial is stopped if its learning curve shows that it cannot win. */
      early_stop: z.boolean().default(true),
      /** Standard deviation between trials in the metric's unit, if known; null: learned from the trials. */
      noise: z.number().positive().nullable().default(null),
    })
    .prefault({}),
  /** The sandbox of a candidate. `none` must be chosen explicitly, and every report then says so. */
  sandbox: z.enum(['bubblewrap', 'none']).default('bubblewrap'),
  agents: z
    .array(agentSchema)
    .min(1)
    .max(10)
    .default([{ name: 'explore', use: 'explore' }]),
  parallel: z.int().min(1).max(64).default(1),
  limits: z
    .strictObject({
      experiments: z.int().min(1).max(10_000).default(200),
      /** Time since the command that started the campaign; null: no limit. */
      hours: z.number().positive().nullable().default(null),
      /** Cost of the agents in dollars; null: no limit. */
      usd: z.number().positive().nullable().default(null),
      crashes_in_a_row: z.int().min(1).max(100).default(5),
    })
    .prefault({}),
  /**
   * Branch that experiments start from and are merged into. Null: the repository's default branch. `campaign`: a branch of the campaign's
   * own, with a pull request at the end that only a person merges.
   */
  base: z.string().min(1).nullable().default(null),
  /** Must be true in a public repository whose trials run on a self-hosted runner. */
  accept_public_self_hosted: z.boolean().default(false),
});

/** A limit in dollars needs the price of every agent. */
export const contractSchema = keysSchema.check(({ value: { limits, agents, trial, metric }, issues }) => {
  if (trial.clock === 'cpu' && metric.referee === undefined)
    issues.push({
      code: 'custom',
      path: ['trial', 'clock'],
      message: 'wall, because only a referee (metric.referee) can count CPU seconds',
      input: 'cpu',
    });
  if (limits.usd === null) return;
  for (const [i, agent] of agents.entries())
    if (abilitiesOf(agent).costsMoney && priceOf(agent) === undefined)
      issues.push({
        code: 'custom',
        path: ['agents', i, 'price'],
        message: `expected a price for ${agent.name} in dollars per million tokens, such as {input: 1.25, output: 10}, because limits.usd is set`,
        input: undefined,
      });
});

export type Contract = z.infer<typeof contractSchema>;
