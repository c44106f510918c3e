// Bench: the trainer: time spent in steps, speed, scoring and audit, and the score against a GPT-2 script
/** Alternates three kinds of runs, so that a machine that does other things as well is equally slow for all of them. */
import { Command } from 'commander';
import { durationText, wholeNumber } from '../src/cli/errors.ts';
import { formatSeconds } from '../src/render/number.ts';
import { secondsOf } from '../src/starter/errors.ts';
import { measureBare, measureGpt2, measureTrainer } from './trainer/measure.ts';
import { type Rounds, summary } from './trainer/summary.ts';

const options = new Command('npm run bench -- trainer')
  .option('--budget <duration>', 'training time of each run; 5m for the real thing', durationText, '16s')
  .option('--repeat <n>', 'rounds, each of three runs', wholeNumber(1, 100), 2)
  .parse()
  .opts<{ budget: string; repeat: number }>();

await main(secondsOf(options.budget), options.repeat);

/** Runs all rounds, telling of each run, and prints the table. */
async function main(budget: number, repeat: number): Promise<void> {
  const rounds: Rounds = { trainer: [], bare: [], gpt2: [] };
  for (let round = 1; round <= repeat; round++) {
    const tell = (what: string) =>
      console.log(`round ${round} of ${repeat}: ${what}, ${formatSeconds(budget)} …`);
    const seed = round;
    const bare = async () => {
      tell('bare loop, made-up tokens');
      const found = await measureBare(budget);
      console.log(`  ${found.tokensPerSecond.toFixed(0)} tokens/s`);
      rounds.bare.push(found);
    };
    const trainer = async () => {
      tell('train.py with referee and audit');
      const found = await measureTrainer(budget, seed);
      console.log(`  val_bpb ${found.valBpb.toFixed(4)}, ${found.tokensPerSecond.toFixed(0)} tokens/s`);
      rounds.trainer.push(found);
    };
    // Each of the two comes first in every other round.
    for (const run of round % 2 === 1 ? [bare, trainer] : [trainer, bare]) await run();
    tell('GPT-2 script with referee');
    const sizes = rounds.bare.at(-1)?.sizes;
    if (sizes === undefined) throw new Error('expected the sizes of the bare loop, found none');
    const found = await measureGpt2(budget, seed, sizes);
    console.log(`  val_bpb ${found.valBpb.toFixed(4)}, ${found.tokensPerSecond.toFixed(0)} tokens/s`);
    rounds.gpt2.push(found);
  }
  console.log(`\n${summary(rounds)}`);
}
