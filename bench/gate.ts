// Bench: what the gate reaches on simulated campaigns, beside greedy and "confirm once"
/** Campaigns of ideas with known effects, in five worlds; two minutes on one core. ± is one standard error. */
import { Command, InvalidArgumentError } from 'commander';
import { wholeNumber } from '../src/cli/errors.ts';
import type { GateRules } from '../src/gate/gate.ts';
import { createRandom, type Random } from '../src/sim/random.ts';
import { type Noise, type Outcome, runGate, runSimple } from './simulate.ts';

const { campaigns, falseMerges } = new Command('npm run bench -- gate')
  .option('--campaigns <n>', 'campaigns of each kind', wholeNumber(1, 100_000), 60)
  .option('--false-merges <share>', 'accepted share of false merges', share, 0.1)
  .parse()
  .opts<{ campaigns: number; falseMerges: number }>();
const TRIALS = 125;
const rules: GateRules = { goal: 'minimize', rule: 'bayes', falseMerges, maxTrials: 4, noise: null };

const WORLDS: [string, Noise][] = [
  ['noise 0.0003', { seed: 0, tree: 0, own: 0.0003 }],
  ['noise 0.0005', { seed: 0, tree: 0, own: 0.0005 }],
  ['noise 0.0007', { seed: 0, tree: 0, own: 0.0007 }],
  ['seeds share 0.0004, rest 0.0003', { seed: 0.0004, tree: 0, own: 0.0003 }],
  ['every edit redraws 0.0004, rest 0.0003', { seed: 0, tree: 0.0004, own: 0.0003 }],
];
const RULES: [string, (random: Random, noise: Noise) => Outcome][] = [
  ['greedy', (random, noise) => runSimple(random, noise, TRIALS, 0)],
  ['confirm once', (random, noise) => runSimple(random, noise, TRIALS, 1)],
  ['gate', (random, noise) => runGate(random, noise, TRIALS, rules, false)],
  ['gate, early stop', (random, noise) => runGate(random, noise, TRIALS, rules, true)],
];

console.log(
  `${campaigns} campaigns of ${TRIALS} trials each; false: share of merges with a true gain under 0.0001`,
);
for (const [world, noise] of WORLDS) {
  console.log(`\n${world}`);
  for (const [name, run] of RULES) {
    const outcomes = Array.from({ length: campaigns }, (_, i) => run(createRandom(1 + i), noise));
    console.log(`  ${name.padEnd(17)} ${summary(outcomes)}`);
  }
}
const before = process.cpuUsage();
runGate(createRandom(1), { seed: 0, tree: 0, own: 0.0005 }, 700, rules, false);
const used = process.cpuUsage(before);
console.log(
  `\na campaign of 700 trials, every trial judged: ${((used.user + used.system) / 1e6).toFixed(2)} s of CPU`,
);

/** Means over campaigns, each with its standard error; shares of merges by the errors of their campaigns. */
function summary(outcomes: readonly Outcome[]): string {
  const gain = meanOf(outcomes.map(outcome => outcome.gain));
  const merges = meanOf(outcomes.map(outcome => outcome.merges));
  const share = meanOf(outcomes.map(outcome => outcome.falseMerges)).mean / merges.mean;
  const error = meanOf(outcomes.map(o => (o.falseMerges - share * o.merges) / merges.mean)).error;
  const expected = meanOf(outcomes.map(outcome => outcome.expectedFalse)).mean / merges.mean;
  const ideas = meanOf(outcomes.map(outcome => outcome.ideas));
  const stopped = meanOf(outcomes.map(outcome => outcome.stopped));
  return [
    `gain ${gain.mean.toFixed(4)} ± ${gain.error.toFixed(4)}`,
    `merges ${merges.mean.toFixed(1)} ± ${merges.error.toFixed(1)}`,
    `false ${percent(share)} ± ${percent(error)}${expected > 0 ? ` (expected ${percent(expected)})` : ''}`,
    `ideas ${ideas.mean.toFixed(0)} ± ${ideas.error.toFixed(1)}${stopped.mean > 0 ? `, ${stopped.mean.toFixed(0)} stopped` : ''}`,
  ].join('   ');
}

function meanOf(values: readonly number[]): { mean: number; error: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance =
    values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length - 1);
  return { mean, error: Math.sqrt(variance / values.length) };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** A parser for commander: numbers from 0 to 1. */
function share(text: string): number {
  const value = Number(text);
  if (value > 0 && value < 1) return value;
  throw new InvalidArgumentError('Expected a number between 0 and 1.');
}
