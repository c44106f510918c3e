/** `autoresearch noise`: repeats the champion's trial on other seeds and says how large a gain has to be to show. */
import type { Command } from 'commander';
import { createLogUpdate } from 'log-update';
import { CONFIDENCE, MOST_TRIALS, type Noise, noiseOf, smallestGain, trialsToShow } from '../gate/noise.ts';
import { formatNoise, formatSeconds, formatShare, formatValue } from '../render/number.ts';
import { type Bench, type BenchOptions, withBench, withoutNumber } from './bench.ts';
import { CommandError, durationText, wholeNumber } from './errors.ts';

interface NoiseCommandOptions extends BenchOptions {
  trials: number;
  json?: true;
}

interface Trial {
  seed: number;
  value: number;
}

/** A gain that people tend to hope for, as a share of the metric. */
const HOPED_FOR = 0.01;
/** The most that `gate.max_trials` allows. */
const MOST_GATE_TRIALS = 10;

/** Adds the subcommand. */
export function addNoise(program: Command): void {
  program
    .command('noise')
    .description('repeat the trial of the last commit on other seeds: how large must a gain be to show?')
    .argument('[path]', 'a repository with a contract', '.')
    .option('--trials <number>', 'how many', wholeNumber(2, MOST_TRIALS), 5)
    .option('--budget <duration>', 'training time (default: as the contract says)', durationText)
    .option('--command <command>', 'what measures (default: as the workflow says)')
    .option('--json', 'print everything as JSON')
    .action(noise);
}

async function noise(target: string, options: NoiseCommandOptions): Promise<void> {
  await withBench(target, options, async bench => {
    const { trials, machine } = await repeat(bench, options.trials);
    const found = noiseOf(trials.map(trial => trial.value));
    if (options.json) console.log(JSON.stringify(asJson(bench, machine, trials, found), null, 2));
    else console.log(report(bench, machine, found));
  });
}

/** Measures the champion on the seeds 1, 2, …; progress goes to stderr. Throws a CommandError at the first crash. */
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
      const before = trials.length === 0 ? '' : ` Before that: ${trials.map(show).join(', ')}.`;
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

/** What the machine and the numbers are, what shows, and what that means for the contract. */
function report(bench: Bench, machine: string, noise: Noise): string {
  const { contract, budgetSeconds, head } = bench;
  const { values, mean, deviation } = noise;
  const share = mean === 0 ? '' : `   (${formatShare(deviation / Math.abs(mean))} of the mean)`;
  const gains = [1, 3].map(trials => formatNoise(smallestGain(noise, trials)));
  return [
    '',
    `${contract.metric.name} of ${head.slice(0, 7)}, ${values.length} trials with a budget of ${formatSeconds(budgetSeconds)}`,
    `machine   ${machine}`,
    `mean      ${formatValue(mean)}`,
    `sd        ${deviation === 0 ? '0' : `${formatNoise(deviation)}${share}`}`,
    `shows     a gain of ${gains[0]} in one trial, of ${gains[1]} in three, sure to ${CONFIDENCE * 100} %: t · sd · √(1/${values.length} + 1/trials)`,
    '',
    advice(contract.gate.max_trials, noise),
  ].join('\n');
}

/** One paragraph on gate and budget. */
function advice(maxTrials: number, noise: Noise): string {
  const { mean, deviation } = noise;
  if (deviation === 0)
    return 'Every seed gave the same number, so any gain shows at once, and `gate.max_trials: 2` is enough. If the seed should matter, see whether the command reads AUTORESEARCH_SEED.';
  if (mean === 0)
    return 'Compare these gains with those that you hope for; a longer `trial.budget` mostly lowers the noise.';
  const needed = trialsToShow(noise, HOPED_FOR * Math.abs(mean));
  const amount = needed === 1 ? '1 trial' : `${needed > 100 ? 'more than 100' : needed} trials`;
  const one = `A gain of 1 % (${formatNoise(HOPED_FOR * Math.abs(mean))}) takes ${amount} of candidate and champion each`;
  if (needed <= maxTrials)
    return `${one}; \`gate.max_trials\` is ${maxTrials}: this budget is long enough. Smaller gains need more trials or a longer \`trial.budget\`.`;
  if (needed <= MOST_GATE_TRIALS)
    return `${one}, and \`gate.max_trials\` is ${maxTrials}: raise it to ${needed}, or the \`trial.budget\`; or look for larger gains only.`;
  return `${one}, more than \`gate.max_trials\` can be: raise the \`trial.budget\` (with four times of it the noise is often half), keep the machine quiet, or look for larger gains only.`;
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

/** A line that is written over and over where a person looks at it, and nothing anywhere else. */
function liveLine(stream: NodeJS.WriteStream): { show(line: string): void; clear(): void } {
  if (!stream.isTTY) return { show() {}, clear() {} };
  const update = createLogUpdate(stream, { showCursor: true });
  return {
    show: line => update(line.slice(0, Math.max(40, (stream.columns ?? 80) - 1))),
    clear: () => update.clear(),
  };
}
