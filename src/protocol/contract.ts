/** The contract of a repository, `.github/research.yml`: one editable scope, one metric, one budget. */
import { z } from 'zod';
import { abilitiesOf, agentSchema, priceOf } from './agents.ts';
import { defaultTimeout, durationSchema, leastTimeout, writeDuration } from './duration.ts';
import { guardsSchema } from './guards.ts';
import { normalPath, pathProblem } from './path.ts';
import { compilePattern } from './pattern.ts';
import { timeOfDaySchema } from './time-of-day.ts';
import { isVisible, visible } from './visible.ts';

export const CONTRACT_PATH = '.github/research.yml';
/** Value of `base` with which every campaign works on a branch of its own. */
export const CAMPAIGN_BASE = 'campaign';

const pathSchema = pathInside('the repository');

function pathInside(place: string) {
  return z
    .string()
    .min(1)
    .check(({ value, issues }) => {
      const problem = pathProblem(value, place);
      if (problem !== null) issues.push({ code: 'custom', message: `expected ${problem}`, input: value });
    })
    .transform(normalPath);
}

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

const trialSchema = z
  .strictObject({
    workflow: z
      .string()
      .regex(/^[\w.-]+\.ya?ml$/, 'expected the name of a file in .github/workflows')
      .default('experiment.yml'),
    budget: durationSchema.default(300),
    /** What a referee counts the budget in, on a CPU: seconds by the wall clock, or the CPU seconds of the candidate's processes. */
    clock: z.enum(['wall', 'cpu']).default('wall'),
    /** Start-up, training and scoring together. By default twice the budget, and at least two minutes more. */
    timeout: durationSchema.optional(),
  })
  .transform(({ timeout, ...trial }) => ({ ...trial, timeout: timeout ?? defaultTimeout(trial.budget) }))
  .check(({ value: { budget, timeout }, issues }) => {
    const least = leastTimeout(budget);
    if (timeout >= least) return;
    const message = `expected at least ${writeDuration(least)}, which leaves time for start-up and scoring beside the budget of ${writeDuration(budget)}`;
    issues.push({ code: 'custom', path: ['timeout'], message, input: writeDuration(timeout) });
  });

/** Names of variables that hold secrets: tokens, keys, passwords, and whatever the job itself was given. Not MAX_TOKENS or KEY_SIZE. */
const SECRET_NAMES = [
  /(?:^|_)(?:token|secrets?|passw(?:or)?d|passphrase|pass|pwd|credentials?|cookies?|auth|authorization|netrc|pat|dsn)(?:_|$)/i,
  /(?:^|_)(?:api|access|private|secret|signing|encryption|account|service|client)_?key(?:_|$)|_key$|_url$|_uri$/i,
  /^(?:github|actions|runner|input|aws|azure|gcp|google|ssh|gpg|docker|kube\w*|npm)(?:_|$)/i,
];

const variableSchema = z
  .string()
  .regex(/^[A-Za-z_]\w{0,99}$/, 'expected the name of an environment variable')
  .refine(
    name => !SECRET_NAMES.some(pattern => pattern.test(name)),
    'expected a variable without secrets: what a candidate can read can end up in a comment',
  )
  .refine(
    name => !/^(?:PATH|HOME|TMPDIR|LD_\w+|AUTORESEARCH_\w+)$/.test(name),
    'expected a variable that the sandbox does not set itself',
  );

/** A budget at which the result of a campaign is measured once more when it ends. */
const rungSchema = z.strictObject({ budget: durationSchema });

const keysSchema = z.strictObject({
  /** The only files that an experiment may change. */
  editable: z
    .array(pathSchema)
    .min(1)
    .max(20)
    .transform(paths => [...new Set(paths)])
    .default(['trainer/train.py']),
  brief: pathSchema.default('trainer/program.md'),
  metric: metricSchema.default({ name: 'val_bpb', goal: 'minimize', referee: 'trainer/referee.py' }),
  trial: trialSchema.prefault({}),
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
  /** Numbers beside the metric that a merge may not break. */
  guards: guardsSchema.default([]),
  /** The sandbox of a candidate. `none` must be chosen explicitly, and every report then says so. */
  sandbox: z.enum(['bubblewrap', 'none']).default('bubblewrap'),
  /** Further variables of the runner that the command may see, by name. */
  env: z.array(variableSchema).max(50).default([]),
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
  /** When a campaign ends, its first and its last champion are measured at each of these budgets, too. */
  ladder: z.array(rungSchema).max(4).default([]),
  /** How many trials are spent at the end on finding the training time in which the result is as good as the start; 0: none. */
  /** How many trials are spent at the end on what each merged idea is still worth; 0: none. */
  ablation: z.int().min(0).max(60).default(0),
  time_to_quality: z.int().min(0).max(20).default(0),
  /** When a campaign that is still going comments what it has found so far, each day; null: only at its end. */
  digest: timeOfDaySchema.nullable().default(null),
  promote: z
    .strictObject({
      /** With `base: campaign`: the least share of the gain that must hold at the last budget of the ladder; null: no bound. */
      at_least: z.number().gt(0).max(1).nullable().default(null),
    })
    .prefault({}),
  /** Must be true in a public repository whose trials run on a self-hosted runner. */
  accept_public_self_hosted: z.boolean().default(false),
});

export const contractSchema = keysSchema.check(({ value: contract, issues }) => {
  for (const [i, path] of contract.editable.entries()) {
    const protectedBy = protectionOf(path, contract);
    if (protectedBy !== null)
      issues.push({
        code: 'custom',
        path: ['editable', i],
        message: `expected a file other than ${protectedBy}`,
        input: path,
      });
  }
  const { limits, agents, trial, metric, guards } = contract;
  for (const [i, { name }] of guards.entries())
    if (name === metric.name)
      issues.push({
        code: 'custom',
        path: ['guards', i, 'name'],
        message: 'expected a number other than the metric, which decides by itself',
        input: name,
      });
  if (trial.clock === 'cpu' && metric.referee === undefined)
    issues.push({
      code: 'custom',
      path: ['trial', 'clock'],
      message: 'expected wall, because only a referee (metric.referee) can count CPU seconds',
      input: 'cpu',
    });
  for (const problem of ladderProblems(contract)) issues.push({ code: 'custom', ...problem });
  // A limit in dollars needs the price of every agent.
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

/** What is wrong with the ladder and with what the promotion asks of it. */
function ladderProblems({ ladder, promote, base, trial }: z.infer<typeof keysSchema>) {
  const budgets = [trial.budget, ...ladder.map(({ budget }) => budget)];
  const problems = ladder.flatMap(({ budget }, i) => {
    const first = budgets.indexOf(budget);
    const other = first === 0 ? 'trial.budget' : `ladder.${first - 1}`;
    const message = `expected a budget other than that of ${other}`;
    return first <= i ? [{ path: ['ladder', i, 'budget'], message, input: writeDuration(budget) }] : [];
  });
  if (promote.at_least === null) return problems;
  const path = ['promote', 'at_least'];
  const input = promote.at_least;
  if (ladder.length === 0)
    return [
      ...problems,
      {
        path,
        message: 'expected a ladder beside it, such as ladder: [{budget: 30m}], to compare with',
        input,
      },
    ];
  if (base !== CAMPAIGN_BASE)
    return [
      ...problems,
      {
        path,
        message: `expected base: ${CAMPAIGN_BASE} beside it, because only then a pull request can be held back`,
        input,
      },
    ];
  return problems;
}

/** What an experiment must not change, because it decides how experiments are measured; null for any other path. */
function protectionOf(path: string, { metric, brief }: z.infer<typeof keysSchema>): string | null {
  const covers = (file: string) => isWithin(file, path);
  if (isWithin(path, '.github') || covers(CONTRACT_PATH))
    return 'those in .github, which hold the contract and the workflows';
  if (covers('action.yml') || covers('action.yaml')) return 'the action that measures';
  if (metric.referee !== undefined && covers(metric.referee)) return 'the referee, which scores it';
  return covers(brief) ? 'the brief, which instructs the agents' : null;
}

/** Whether a file is `folder` or below it, on any file system. */
function isWithin(file: string, folder: string): boolean {
  return `${file.toLowerCase()}/`.startsWith(`${folder.toLowerCase()}/`);
}

export type Contract = z.infer<typeof contractSchema>;
