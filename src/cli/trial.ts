/** `autoresearch trial`: measures the work tree once on this machine, as a runner would. */
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Command } from 'commander';
import { load } from 'js-yaml';
import { z } from 'zod';
import { git, resolveRevision } from '../trial/git.ts';
import { runTrial } from '../trial/run.ts';
import { CHECKOUT, trainerEnvironment } from './checkout.ts';
import { committedContract, repositoryRoot } from './contract.ts';
import { CommandError, durationText, secondsOf, UsageError, wholeNumber } from './errors.ts';

interface TrialCommandOptions {
  budget?: string;
  seed: number;
  command?: string;
  json?: true;
}

/** Adds the subcommand. */
export function addTrial(program: Command): void {
  program
    .command('trial')
    .description(
      'measure the work tree once on this machine, uncommitted edits of the editable files included',
    )
    .argument('[path]', 'a repository with a contract', '.')
    .option('--budget <duration>', 'training time (default: as the contract says)', durationText)
    .option('--seed <number>', 'seed of the training run', wholeNumber(0, 2 ** 31 - 1), 1)
    .option('--command <command>', 'how training is started (default: as the workflow says)')
    .option('--json', 'print the whole measurement as JSON')
    .action(trial);
}

async function trial(target: string, options: TrialCommandOptions): Promise<void> {
  const root = await repositoryRoot(target);
  const contract = await committedContract(root);
  const budgetSeconds = options.budget ? secondsOf(options.budget) : contract.trial.budget;
  const command = options.command ?? (await workflowCommand(root, contract.trial.workflow));
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.once(name, () => stop.abort(new CommandError('The trial was cancelled.')));
  const folder = await mkdtemp(path.join(tmpdir(), 'autoresearch-trial-'));
  try {
    const base = await resolveRevision(root, 'HEAD');
    const candidate = await commitWorkTree(root, base, contract.editable, path.join(folder, 'index'));
    const scratch = path.join(folder, 'scratch');
    await mkdir(scratch);
    const measurement = await runTrial({
      trial: '0/0.1',
      base: await cloneAt(root, base, path.join(folder, 'base')),
      baseSha: base,
      candidate: await cloneAt(root, candidate, path.join(folder, 'candidate')),
      candidateSha: candidate,
      seed: options.seed,
      budgetSeconds,
      timeoutSeconds: Math.max(contract.trial.timeout, 2 * budgetSeconds),
      command,
      scratch,
      environment: trainerEnvironment(process.env),
      onLine: line => console.error(line),
      signal: stop.signal,
    });
    if (options.json) console.log(JSON.stringify(measurement, null, 2));
    const { outcome } = measurement;
    if (outcome.status !== 'measured') throw new CommandError(`${outcome.status}: ${outcome.message}`);
    if (!options.json)
      console.log(
        `${contract.metric.name}: ${outcome.value.toFixed(6)}   (seed ${measurement.seed}, ${measurement.trainingSeconds.toFixed(1)} s of training, ${measurement.peakMemoryMb.toFixed(0)} MB, ${measurement.machine})`,
      );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const workflowSchema = z.object({
  jobs: z.record(
    z.string(),
    z.object({
      steps: z.array(z.object({ with: z.object({ command: z.string().optional() }).optional() })),
    }),
  ),
});
const actionSchema = z.object({ inputs: z.object({ command: z.object({ default: z.string() }) }) });

/** The command that the repository's workflow gives to the action, or the action's own default. */
async function workflowCommand(root: string, workflow: string): Promise<string> {
  const file = `.github/workflows/${workflow}`;
  const text = await readFile(path.join(root, file), 'utf8').catch(() => null);
  if (text === null) throw new UsageError(`Expected ${file}, found none; say --command instead.`);
  const parsed = workflowSchema.safeParse(load(text));
  if (!parsed.success) throw new UsageError(`Expected jobs with steps in ${file}; say --command instead.`);
  const steps = Object.values(parsed.data.jobs).flatMap(job => job.steps);
  const command = steps.find(step => step.with?.command !== undefined)?.with?.command;
  if (command !== undefined) return command;
  const action = actionSchema.parse(load(await readFile(path.join(CHECKOUT, 'action.yml'), 'utf8')));
  return action.inputs.command.default;
}

/** A commit of HEAD with the editable files as they are on disk; nothing of the user's index or branches changes. */
async function commitWorkTree(
  root: string,
  head: string,
  editable: readonly string[],
  index: string,
): Promise<string> {
  const env = {
    GIT_INDEX_FILE: index,
    GIT_AUTHOR_NAME: 'autoresearch',
    GIT_AUTHOR_EMAIL: 'autoresearch@localhost',
    GIT_COMMITTER_NAME: 'autoresearch',
    GIT_COMMITTER_EMAIL: 'autoresearch@localhost',
  };
  await git(root, ['read-tree', head], env);
  await git(root, ['add', '--all', '--', ...editable], env);
  const tree = (await git(root, ['write-tree'], env)).toString().trim();
  return (await git(root, ['commit-tree', tree, '-p', head, '-m', 'work tree'], env)).toString().trim();
}

/** A clone that borrows the repository's objects, with HEAD at `commit`. */
async function cloneAt(root: string, commit: string, directory: string): Promise<string> {
  await git(root, ['clone', '--quiet', '--shared', '--no-checkout', root, directory]);
  await git(directory, ['update-ref', '--no-deref', 'HEAD', commit]);
  return directory;
}
