/** `autoresearch trial`: measures the working tree once on this machine, as a runner would. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Command } from 'commander';
import { git } from '../trial/git.ts';
import { type BenchOptions, withBench, withoutNumber } from './bench.ts';
import { CommandError, durationText, wholeNumber } from './errors.ts';

interface TrialCommandOptions extends BenchOptions {
  seed: number;
  json?: true;
}

/** Adds the subcommand. */
export function addTrial(program: Command): void {
  program
    .command('trial')
    .description(
      'measure the working tree once on this machine, including uncommitted changes to the editable files',
    )
    .argument('[path]', 'a repository with a contract', '.')
    .option('--budget <duration>', "training time (default: the contract's)", durationText)
    .option('--seed <number>', 'seed of the training run', wholeNumber(0, 2 ** 31 - 1), 1)
    .option('--command <command>', "command that measures (default: the workflow's)")
    .option('--json', 'print the whole measurement as JSON')
    .action(trial);
}

async function trial(target: string, options: TrialCommandOptions): Promise<void> {
  await withBench(target, options, async ({ root, contract, head, measure }) => {
    const candidate = await commitWorkTree(root, head, contract.editable);
    const measurement = await measure(candidate, options.seed, line => console.error(line));
    if (options.json) console.log(JSON.stringify(measurement, null, 2));
    const { outcome } = measurement;
    if (outcome.status !== 'measured') throw new CommandError(withoutNumber(outcome));
    if (!options.json)
      console.log(
        `${contract.metric.name}: ${outcome.value.toFixed(6)}   (seed ${measurement.seed}, ${times(measurement)}, ${measurement.peakMemoryMb.toFixed(0)} MB, ${measurement.machine})`,
      );
  });
}

/** A command that does not train reports no training time. */
function times({ trainingSeconds, totalSeconds }: { trainingSeconds: number; totalSeconds: number }): string {
  const training = trainingSeconds > 0 ? `${trainingSeconds.toFixed(1)} s of training, ` : '';
  return `${training}${totalSeconds.toFixed(1)} s in total`;
}

/** A commit on top of `head` with the editable files as they are on disk. The user's index and branches do not change. */
async function commitWorkTree(root: string, head: string, editable: readonly string[]): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'autoresearch-index-'));
  const env = {
    GIT_INDEX_FILE: path.join(folder, 'index'),
    GIT_AUTHOR_NAME: 'autoresearch',
    GIT_AUTHOR_EMAIL: 'autoresearch@localhost',
    GIT_COMMITTER_NAME: 'autoresearch',
    GIT_COMMITTER_EMAIL: 'autoresearch@localhost',
  };
  const run = async (...args: string[]) => (await git(root, args, env)).toString().trim();
  try {
    await run('read-tree', head);
    await run('add', '--all', '--', ...editable);
    return await run('commit-tree', await run('write-tree'), '-p', head, '-m', 'work tree');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
