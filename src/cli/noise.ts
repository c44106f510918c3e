/** `autoresearch noise`: repeats the champion's trial with different seeds and says how large a gain must be to be detectable. */
import type { Command } from 'commander';
import { CONFIDENCE, MOST_TRIALS, type Noise, noiseOf, smallestGain, trialsToShow } from '../gate/noise.ts';
import { formatNoise, formatSeconds, formatShare, formatValue } from '../render/number.ts';
import { type Bench, type BenchOptions, placeOf, withBench, withoutNumber } from './bench.ts';
import { CommandError, durationText, wholeNumber } from './errors.ts';
import { liveLine } from './live-line.ts';

interface NoiseCommandOptions extends BenchOptions {
  trials: number;
  json?: true;
}

interface Trial {
  seed: number;
  value: number;
}

/** A gain that people typically hope for, as a share of the metric. */
const HOPED_FOR = 0.01;
/** Largest value of `gate.max_trials`. */
const MOST_GATE_TRIALS = 10;

/** Adds the subcommand. */
export function addNoise(program: Command): void {
  program
    .command('noise')
    .description('repeat the last commit with different seeds: how large must a gain be to be detectable?')
    .argument('[path]', 'a repository with a contract', '.')
    .option('--trials <number>', 'number of trials', wholeNumber(2, MOST_TRIALS), 5)
    .option('--budget <duration>', "training time (default: the contract's)", durationText)
    .option('--command <command>', "command that measures (default: the workflow's)")
    .option('--json', 'print everything as JSON')
    .action(noise);
}

async function noise(target: string, options: NoiseCommandOptions): Promise<void> {
  await withBench(await placeOf(target), options, async bench => {
    const { trials, machine } = await repeat(bench, options.trials);
    const found = noiseOf(trials.map(trial => trial.value));
    if (options.json) console.log(JSON.stringify(asJson(bench, machine, trials, found), null, 2));
    else console.log(report(bench, machine, found));
  });
}

/** Measures the champion with the seeds 1, 2, … and prints progress to stderr. Throws a CommandError at the first failed trial. */
async function repeat({ contract, head, measure }: Bench, count: number) {
  const { name } = contract.metric;
  const live = liveLine(process.stderr);
  const trials: Trial[] = [];
  let machine = '';
  for (let seed = 1; seed <= count; seed++) {
    const which = `trial ${seed} of ${count}, seed ${seed}`;
    live.show(`${which}: starting`);
    const measurement = await measure(head, seed, line => live.show(`${which}: ${line}`));
    live.clear();
    const { outcome } = measurement;
    if (outcome.status !== 'measured') {
      const before = trials.length === 0 ? '' : ` Measured before: ${trials.map(show).join(', ')}.`;
      throw new CommandError(`${which}: ${withoutNumber(outcome)}.${before}`);
    }
    console.error(
      `${which}: ${name} ${formatValue(outcome.value)}   (${formatSeconds(measurement.totalSeconds)})`,
    );
    trials.push({ seed, value: outcome.value });
    machine = measurement.machine;
  }
  return { trials, machine };
}

function show({ seed, value }: Trial): string {
  return `seed ${seed} ${formatValue(value)}`;
}

/** The numbers, the gain they can detect, and what that means for the contract. */
function report(bench: Bench, machine: string, noise: Noise): string {
  const { contract, budgetSeconds, head } = bench;
  const { values, mean, deviation } = noise;
  const share = mean === 0 ? '' : `   (${formatShare(deviation / Math.abs(mean))} of the mean)`;
  const gains = [1, 3].map(trials => formatNoise(smallestGain(noise, trials)));
  return [
    '',
    `${contract.metric.name} of ${head.slice(0, 7)}, ${values.length} trials with a budget of ${formatSeconds(budgetSeconds)}`,
    `machine      ${machine}`,
    `mean         ${formatValue(mean)}`,
    `sd           ${deviation === 0 ? '0' : `${formatNoise(deviation)}${share}`}`,
    `detectable   a gain of ${gains[0]} in 1 trial or ${gains[1]} in 3 trials, at ${CONFIDENCE * 100}% confidence: t · sd · √(1/${values.length} + 1/trials)`,
    '',
    advice(contract.gate.max_trials, noise),
  ].join('\n');
}

/** One paragraph on gate and budget. */
function advice(maxTrials: number, noise: Noise): string {
  const { mean, deviation } = noise;
  if (deviation === 0)
    return 'Every seed gave the same number, so any gain is detectable and `gate.max_trials: 2` is enough. If the seed should make a difference, check that the command reads AUTORESEARCH_SEED.';
  if (mean === 0)
    return 'Compare these gains with the ones you hope for. A longer `trial.budget` usually lowers the noise.';
  const needed = trialsToShow(noise, HOPED_FOR * Math.abs(mean));
  const amount = needed === 1 ? '1 trial' : `${needed > 100 ? 'more than 100' : needed} trials`;
  const one = `Detecting a gain of 1% (${formatNoise(HOPED_FOR * Math.abs(mean))}) takes ${amount} each of candidate and champion`;
  if (needed <= maxTrials)
    return `${one}. \`gate.max_trials\` is ${maxTrials}, so this budget is long enough. Smaller gains need more trials or a longer \`trial.budget\`.`;
  if (needed <= MOST_GATE_TRIALS)
    return `${one}, but \`gate.max_trials\` is ${maxTrials}. Raise it to ${needed}, raise \`trial.budget\`, or look for larger gains only.`;
  return `${one}, more than \`gate.max_trials\` allows. Raise \`trial.budget\` (four times the budget often halves the noise), keep other work off the machine, or look for larger gains only.`;
}

function asJson({ contract, budgetSeconds, head }: Bench, machine: string, trials: Trial[], noise: Noise) {
  return {
    metric: contract.metric.name,
    commit: head,
    budgetSeconds,
    machine,
    trials,
    mean: noise.mean,
    sd: noise.deviation,
    shows: { confidence: CONFIDENCE, oneTrial: smallestGain(noise, 1), threeTrials: smallestGain(noise, 3) },
  };
}
