// Bench: whether what a demo merged is confirmed: its first and its last champion, measured again on new seeds
/** Alternates the two, so that both have the machine at the same times. */
import { randomInt } from 'node:crypto';
import { globSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { wholeNumber } from '../src/cli/errors.ts';
import { mean } from '../src/gate/mean.ts';
import { deviation, loadText, scoreOf, withTrials } from './demo/trials.ts';

const program = new Command('npm run bench -- remeasure')
  .argument('[dir]', 'directory of a demo that has ended', '.autoresearch/demo')
  .option('--seeds <n>', 'seeds on which both are measured', wholeNumber(2, 100), 3)
  .parse();
const [directory = ''] = program.processedArgs as string[];
const { seeds } = program.opts<{ seeds: number }>();

const [repository] = globSync(path.join(directory, 'github/git/*.git'));
if (repository === undefined)
  throw new Error(`Expected the directory of a demo, found none in ${directory}.`);

await withTrials(path.resolve(repository), async ({ measure, commit, firstCommit }) => {
  const [base, last] = [await firstCommit(), await commit('main')];
  console.log(`${base.slice(0, 7)} (first champion) and ${last.slice(0, 7)} (last champion), ${loadText()}`);
  const scores = { base: [] as number[], last: [] as number[] };
  for (let i = 0; i < seeds; i++) {
    const seed = randomInt(2 ** 31);
    scores.base.push(scoreOf(await measure(base, seed)));
    scores.last.push(scoreOf(await measure(last, seed)));
    console.log(`  seed ${seed}: ${scores.base.at(-1)?.toFixed(4)} -> ${scores.last.at(-1)?.toFixed(4)}`);
  }
  const differences = scores.last.map((value, i) => value - (scores.base[i] ?? Number.NaN));
  const error = deviation(differences) / Math.sqrt(seeds);
  const change = mean(differences);
  console.log(
    `change ${change.toFixed(4)} ± ${error.toFixed(4)} (standard error, ${seeds} seeds), ${loadText()}`,
  );
  console.log(change < -2 * error ? 'confirmed: better' : 'not confirmed');
});
