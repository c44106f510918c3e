// Bench: what the gate reaches on simulated campaigns, beside greedy, "confirm once" and the rules of others
/** Campaigns of ideas with known effects, in many worlds. ± is one standard error. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { wholeNumber } from '../src/cli/errors.ts';
import type { GateRules } from '../src/gate/gate.ts';
import { createRandom, type Random } from '../src/sim/random.ts';
import { type Outcome, runGate } from './gate/campaigns.ts';
import { greedy, MAD, runRule, T_TEST, TWO_SIGMA } from './gate/peers.ts';
import { WORLDS, type World } from './gate/worlds.ts';

interface Options {
  campaigns: number;
  falseMerges: number;
  world?: string;
  off?: number;
  gateOnly?: true;
}

const TRIALS = 125;
const { campaigns, falseMerges, world, off, gateOnly } = new Command('npm run bench -- gate')
  .option('--campaigns <n>', 'campaigns of each kind', wholeNumber(1, 100_000), 60)
  .option('--false-merges <share>', 'accepted share of false merges', share, 0.1)
  .addOption(new Option('--world <name>', 'only this world').choices(WORLDS.map(({ name }) => name)))
  .option(
    '--off <sigmas>',
    'only the gate, with the first baseline off by so many standard deviations',
    Number,
  )
  .option('--gate-only', 'only the gate, without the rules of others')
  .parse()
  .opts<Options>();
const rules: GateRules = { goal: 'minimize', rule: 'bayes', falseMerges, maxTrials: 4, noise: null };
const settings = { trials: TRIALS, rules };

const RULES: [string, (random: Random, world: World) => Outcome][] = [
  ['greedy', (random, world) => runRule(random, world, TRIALS, greedy(0))],
  ['confirm once', (random, world) => runRule(random, world, TRIALS, greedy(1))],
  ['twice the MAD', (random, world) => runRule(random, world, TRIALS, MAD)],
  ['two baselines, 2σ', (random, world) => runRule(random, world, TRIALS, TWO_SIGMA)],
  ['t-test, p < 0.01', (random, world) => runRule(random, world, TRIALS, T_TEST)],
  ['gate', (random, world) => runGate(random, world, settings)],
  ['gate, early stop', (random, world) => runGate(random, world, { ...settings, early: true })],
];
const DISTURBED: typeof RULES = [0, 10, -10, 20, -20, 100, -100].map(sigmas => [
  `first baseline ${sigmas}σ`,
  (random, world) => runGate(random, world, { ...settings, firstOff: sigmas * world.noise.own }),
]);

const chosen = off !== undefined ? DISTURBED : gateOnly ? RULES.slice(-2) : RULES;
console.log(
  `${campaigns} campaigns of ${TRIALS} trials each; false: share of merges with a true gain under 0.0001; helpful: share of other ideas that was merged`,
);
for (const each of WORLDS.filter(({ name }) => world === undefined || name === world)) {
  console.log(`\n${each.name}`);
  for (const [name, run] of chosen) {
    const outcomes = Array.from({ length: campaigns }, (_, i) => run(createRandom(1 + i), each));
    console.log(`  ${name.padEnd(22)} ${summary(outcomes)}`);
  }
}
const [tuned] = WORLDS;
if (tuned) {
  const before = process.cpuUsage();
  runGate(createRandom(1), tuned, { ...settings, trials: 700 });
  const used = process.cpuUsage(before);
  console.log(
    `\na campaign of 700 trials, every trial judged: ${((used.user + used.system) / 1e6).toFixed(2)} s of CPU`,
  );
}

/** Means over campaigns, each with its standard error; shares of merges by the errors of their campaigns. */
function summary(outcomes: readonly Outcome[]): string {
  const gain = meanOf(outcomes.map(outcome => outcome.gain));
  const merges = meanOf(outcomes.map(outcome => outcome.merges));
  const wrong = meanOf(outcomes.map(outcome => outcome.falseMerges));
  const shareOfMerges = wrong.mean / Math.max(1e-9, merges.mean);
  const error = meanOf(outcomes.map(o => (o.falseMerges - shareOfMerges * o.merges) / merges.mean)).error;
  const expected = meanOf(outcomes.map(outcome => outcome.expectedFalse)).mean / merges.mean;
  const ideas = meanOf(outcomes.map(outcome => outcome.ideas)).mean;
  const stopped = meanOf(outcomes.map(outcome => outcome.stopped)).mean;
  const helpful = meanOf(outcomes.map(({ helpful }) => helpful.all)).mean;
  const found = meanOf(outcomes.map(({ helpful }) => helpful.merged)).mean;
  const stacks = stackedIn(outcomes);
  const own = meanOf(outcomes.map(outcome => outcome.championTrials)).mean;
  return [
    `gain ${gain.mean.toFixed(4)} ± ${gain.error.toFixed(4)}`,
    `merges ${merges.mean.toFixed(1)}`,
    `false ${percent(shareOfMerges)} ± ${percent(error)}${expected > 0 ? ` (expected ${percent(expected)})` : ''}, ${wrong.mean.toFixed(2)} a campaign`,
    `helpful ${percent(found / Math.max(1e-9, helpful))}`,
    `ideas ${ideas.toFixed(0)}${stopped > 0 ? `, ${stopped.toFixed(0)} stopped` : ''}`,
    `champion ${own.toFixed(1)}`,
    ...stacks,
  ].join('   ');
}

/** How many stacks a campaign tries and merges, and how many of the merged ones are false; empty without stacks. */
function stackedIn(outcomes: readonly Outcome[]): string[] {
  const sum = (of: keyof Outcome['stacks']) => outcomes.reduce((all, { stacks }) => all + stacks[of], 0);
  const merged = sum('merged');
  if (merged === 0) return [];
  const perCampaign = (count: number) => (count / outcomes.length).toFixed(1);
  const [found, expected] = [sum('falseMerges'), sum('expectedFalse')].map(each => percent(each / merged));
  return [
    `stacks ${perCampaign(sum('tried'))}, merged ${perCampaign(merged)}, false ${found} (expected ${expected})`,
  ];
}

function meanOf(values: readonly number[]): { mean: number; error: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance =
    values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length - 1);
  return { mean, error: Math.sqrt(variance / values.length) };
}

function percent(value: number): string {
  return `${(100 * value).toFixed(1)}%`;
}

/** A parser for commander: numbers from 0 to 1. */
function share(text: string): number {
  const value = Number(text);
  if (value > 0 && value < 1) return value;
  throw new InvalidArgumentError('Expected a number between 0 and 1.');
}
