/** Measures trials of a repository on this machine, as its workflow would on a runner. */
import { mkdir, mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { load } from 'js-yaml';
import { z } from 'zod';
import type { Contract } from '../protocol/contract.ts';
import { timeoutOf } from '../protocol/duration.ts';
import type { Measurement, Outcome } from '../protocol/measurement.ts';
import { secondsOf, UsageError } from '../starter/errors.ts';
import { CHECKOUT, trainerEnvironment, userEnvironment } from '../starter/own-checkout.ts';
import { exactNumber } from '../text/exact-number.ts';
import { git, resolveRevision } from '../trial/git.ts';
import { removeFolder } from '../trial/remove.ts';
import { runTrial } from '../trial/run.ts';
import { committedContract, repositoryRoot } from './contract.ts';
import { CommandError } from './errors.ts';
import { commitWorkTree } from './work-tree.ts';

export interface BenchOptions {
  /** In the form that `durationText` accepts; the contract's by default. */
  budget?: string;
  /** The workflow's by default. */
  command?: string;
  /** Measure the work tree with everything that is not committed yet, rather than the last commit. */
  workTree?: boolean;
}

export interface Bench {
  /** The repository's root. */
  root: string;
  contract: Contract;
  budgetSeconds: number;
  /** The last commit, or the work tree as a commit. */
  head: string;
  /** Measures a commit once, as a champion. Throws a CommandError if the user interrupts. */
  measure(commit: string, seed: number, onLine: (line: string) => void): Promise<Measurement>;
}

/** A repository, with or without a work tree, and what its trials need of this machine. */
export interface Place {
  root: string;
  environment: NodeJS.ProcessEnv;
  /** The checkout whose packages the trials use. */
  packages: string;
  /** Whether trials run without a sandbox if there is none. */
  sandboxOptional: boolean;
}

/** The repository around `target`. Any other than this checkout brings its own Python and data. */
export async function placeOf(target: string): Promise<Place> {
  const root = await repositoryRoot(target);
  const environment = root === CHECKOUT ? trainerEnvironment(process.env) : userEnvironment(process.env);
  return { root, environment, packages: root, sandboxOptional: false };
}

/**
 * Calls `use` with a bench for a repository and cleans up afterwards. Throws a UsageError if the repository has no commit, contract or
 * workflow.
 */
export async function withBench<T>(
  { root, environment, packages, sandboxOptional }: Place,
  options: BenchOptions,
  use: (bench: Bench) => Promise<T>,
): Promise<T> {
  const last = await resolveRevision(root, 'HEAD');
  const head = options.workTree ? await commitWorkTree(root, last) : last;
  // The command may be given, and says itself where it would have been found.
  const contract = await committedContract(root, head, { workflow: 'optional' });
  const budgetSeconds = options.budget ? secondsOf(options.budget) : contract.trial.budget;
  const step = await measuringStep(root, head, contract.trial.workflow, options.command);
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.once(name, () => stop.abort(new CommandError('cancelled before the trial ended')));
  const folder = await mkdtemp(path.join(tmpdir(), 'autoresearch-trial-'));
  try {
    let trials = 0;
    const measure: Bench['measure'] = async (commit, seed, onLine) => {
      const own = path.join(folder, String(++trials));
      const scratch = path.join(own, 'scratch');
      await mkdir(scratch, { recursive: true });
      const checkout = await cloneAt(root, commit, path.join(own, 'checkout'));
      const measurement = await runTrial({
        trial: `0/0.${trials}`,
        base: checkout,
        baseSha: commit,
        candidate: checkout,
        candidateSha: commit,
        seed,
        budgetSeconds,
        timeoutSeconds: timeoutOf(contract.trial, budgetSeconds),
        ...step,
        scratch,
        environment,
        packages,
        onLine,
        signal: stop.signal,
        sandboxOptional,
      });
      await removeFolder(own);
      return measurement;
    };
    return await use({ root, contract, budgetSeconds, head, measure });
  } finally {
    await removeFolder(folder);
  }
}

/** How a trial ended that measured nothing. */
export function withoutNumber(outcome: Exclude<Outcome, { status: 'measured' }>): string {
  if (outcome.status === 'stopped') return `stopped early: projected ${exactNumber(outcome.value)}`;
  return `${outcome.status === 'fault' ? 'machine error' : 'crashed'}: ${outcome.message}`;
}

const inputsSchema = z.object({ command: z.string().optional(), readable: z.string().optional() });
const workflowSchema = z.object({
  jobs: z.record(z.string(), z.object({ steps: z.array(z.object({ with: inputsSchema.optional() })) })),
});
const actionSchema = z.object({ inputs: z.object({ command: z.object({ default: z.string() }) }) });

/** The inputs that the workflow in a commit passes to the action, or else the action's defaults. */
async function measuringStep(
  root: string,
  commit: string,
  workflow: string,
  command: string | undefined,
): Promise<{ command: string; readable: string[] }> {
  const file = `.github/workflows/${workflow}`;
  const text = await git(root, ['show', `${commit}:${file}`]).then(String, () => null);
  if (text === null) {
    if (command !== undefined) return { command, readable: [] };
    throw new UsageError(
      `${file}: file not found. Write it with \`autoresearch init\` and commit it, or pass the command with --command.`,
    );
  }
  const parsed = workflowSchema.safeParse(load(text));
  if (!parsed.success) throw new UsageError(`${file}: expected jobs with steps, found none.`);
  const inputs = Object.values(parsed.data.jobs).flatMap(job => job.steps.map(step => step.with ?? {}));
  const given = (name: keyof z.infer<typeof inputsSchema>) =>
    inputs.find(each => each[name] !== undefined)?.[name];
  const readable = (given('readable') ?? '').split('\n').flatMap(line => line.trim() || []);
  return { command: command ?? given('command') ?? (await defaultCommand()), readable };
}

async function defaultCommand(): Promise<string> {
  const action = actionSchema.parse(load(await readFile(path.join(CHECKOUT, 'action.yml'), 'utf8')));
  return action.inputs.command.default;
}

/** A clone that shares the repository's objects, with HEAD at `commit`. */
async function cloneAt(root: string, commit: string, directory: string): Promise<string> {
  await git(root, ['clone', '--quiet', '--shared', '--no-checkout', root, directory]);
  await git(directory, ['update-ref', '--no-deref', 'HEAD', commit]);
  return directory;
}
