/** `autoresearch trial`: measures the working tree once on this machine, as a runner would. */
import type { Command } from 'commander';
import type { Contract } from '../protocol/contract.ts';
import { isFromOutside } from '../protocol/guards.ts';
import type { Measurement } from '../protocol/measurement.ts';
import { exactNumber } from '../text/exact-number.ts';
import { type BenchOptions, placeOf, withBench, withoutNumber } from './bench.ts';
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
      'measure the working tree once on this machine, with all uncommitted changes and new files, except what git ignores',
    )
    .argument('[path]', 'a repository with a contract', '.')
    .option('--budget <duration>', "training time (default: the contract's)", durationText)
    .option('--seed <number>', 'seed of the training run', wholeNumber(0, 2 ** 31 - 1), 1)
    .option('--command <command>', "command that measures (default: the workflow's)")
    .option('--json', 'print the whole measurement as JSON')
    .action(trial);
}

async function trial(target: string, options: TrialCommandOptions): Promise<void> {
  await withBench(
    await placeOf(target),
    { ...options, workTree: true },
    async ({ contract, head, measure }) => {
      const measurement = await measure(head, options.seed, line => console.error(line));
      if (options.json) console.log(JSON.stringify(measurement, null, 2));
      const { outcome } = measurement;
      if (outcome.status !== 'measured') throw new CommandError(withoutNumber(outcome));
      if (options.json) return;
      for (const { name } of contract.guards) console.log(guardText(name, measurement, contract));
      console.log(
        `${contract.metric.name}: ${exactNumber(outcome.value)}   (seed ${measurement.seed}, ${times(measurement)}, ${measurement.peakMemoryMb.toFixed(0)} MB, ${measurement.machine})`,
      );
    },
  );
}

/** A guarded number, and whose word it is. */
function guardText(name: string, { numbers }: Measurement, { metric }: Contract): string {
  const isMeasured = isFromOutside(name, metric.referee !== undefined);
  const value = numbers[name];
  if (value == null)
    return `${name}: none   (guarded; ${isMeasured ? 'it could not be measured here' : 'the command did not report it'})`;
  return `${name}: ${exactNumber(value)}   (guarded; ${isMeasured ? 'measured from outside' : 'as the command reported it'})`;
}

/** A command that does not train reports no training time. */
function times({ trainingSeconds, totalSeconds }: { trainingSeconds: number; totalSeconds: number }): string {
  const training = trainingSeconds > 0 ? `${trainingSeconds.toFixed(1)} s of training, ` : '';
  return `${training}${totalSeconds.toFixed(1)} s in total`;
}
