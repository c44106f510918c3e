/** `autoresearch verify`: measures each merge of a campaign again beside its parent, on new seeds. */
import type { Command } from 'commander';
import { gitStorageOf, readConnection } from '../local/demo/connection.ts';
import { trainerEnvironment, userEnvironment } from '../starter/own-checkout.ts';
import { type BenchOptions, type Place, placeOf, withBench } from './bench.ts';
import { CommandError, durationText, wholeNumber } from './errors.ts';
import { liveLine } from './live-line.ts';
import { MOST_SEEDS } from './verify/compare.ts';
import { conclude } from './verify/conclude.ts';
import { findMerges, type Merge } from './verify/merges.ts';
import { asJson, asText } from './verify/report.ts';
import { measureRounds } from './verify/rounds.ts';

interface VerifyOptions extends BenchOptions {
  issue?: number;
  branch?: string;
  pull: number[];
  seeds: number;
  json?: true;
}

/** Adds the subcommand. */
export function addVerify(program: Command): void {
  program
    .command('verify')
    .description(
      'measure each merge of a campaign again beside its parent, on new seeds: are the gains real?',
    )
    .argument('[path]', "a clone of the campaign's repository, or the directory of a demo", '.')
    .option(
      '--issue <number>',
      "the campaign's issue (default: that of the newest merge)",
      wholeNumber(1, 2 ** 31),
    )
    .option('--branch <name>', 'the branch that the campaign merged into (default: the current one)')
    .option(
      '--pull <number>',
      "only this experiment's merge; may be repeated",
      (text: string, before: number[]) => [...before, wholeNumber(1, 2 ** 31)(text)],
      [],
    )
    .option('--seeds <number>', 'seeds that every commit is measured on', wholeNumber(2, MOST_SEEDS), 3)
    .option('--budget <duration>', "training time (default: the contract's)", durationText)
    .option('--command <command>', "command that measures (default: the workflow's)")
    .option('--json', 'print everything as JSON')
    .addHelpText('after', '\nExit code 0 if no merge was refuted and all could be measured, else 1.')
    .action(verify);
}

async function verify(target: string, options: VerifyOptions): Promise<void> {
  const place = await placeOfCampaign(target);
  const { issue = null, branch = null, pull: pulls, seeds: count } = options;
  const merges = await findMerges(place.root, { issue, branch, pulls });
  await withBench(place, options, async bench => {
    const names = namesOf(merges);
    const print = (line: string) => console.error(line);
    const live = liveLine(process.stderr);
    const rounds = await measureRounds(bench, names, count, { live, print });
    const found = conclude(merges, rounds, bench.contract.metric.goal);
    console.log(options.json ? asJson(bench, rounds, found) : asText(bench, rounds, found));
    const { refuted, unmeasured } = found.count;
    if (refuted + unmeasured > 0)
      throw new CommandError(
        [
          ...(refuted > 0 ? [`${refuted} of ${merges.length} merges not confirmed`] : []),
          ...(unmeasured > 0 ? [`${unmeasured} of ${merges.length} merges could not be measured`] : []),
        ].join(', '),
      );
  });
}

/** A demo's repository is measured with what the demo measured it with. */
async function placeOfCampaign(target: string): Promise<Place> {
  const [connection, storage] = await Promise.all([readConnection(target), gitStorageOf(target)]);
  if (connection === null || storage === null) return placeOf(target);
  const { own, from } = connection;
  const environment = own ? trainerEnvironment(process.env) : userEnvironment(process.env);
  return { root: storage, environment, packages: from, sandboxOptional: own };
}

/** What each commit is to people. A commit that is a merge and the next one's parent is named after the merge. */
function namesOf(merges: readonly Merge[]): Map<string, string> {
  const merged = new Map(merges.map(({ commit, pull }) => [commit, `#${pull}`]));
  const names = new Map<string, string>();
  for (const { parent, commit, pull } of merges) {
    names.set(parent, merged.get(parent) ?? `the parent of #${pull}`);
    names.set(commit, `#${pull}`);
  }
  return names;
}
