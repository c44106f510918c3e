// Bench: experiments per hour with 1, 4, 16 and 64 runners, on a virtual clock
/**
 * The App's real step, plan and gate against the simulator's GitHub, in which nothing goes wrong. A few minutes on one core.
 *
 *     node bench/throughput.ts [--runners 1,4,16,64] [--hours 2]
 *
 * The second table lets the App write as slowly as Probot's client does, as GitHub asks: a second between writes, three between those that
 * notify people.
 */
import { parseArgs } from 'node:util';
import { markdownTable } from 'markdown-table';
import { BUDGET_SECONDS, OVERHEAD_SECONDS, runFloor, THINK_SECONDS } from './throughput/floor.ts';

const { values: options } = parseArgs({
  options: {
    runners: { type: 'string', default: '1,4,16,64' },
    hours: { type: 'string', default: '2' },
  },
});
const hours = numberOf(options.hours);
const trialSeconds = BUDGET_SECONDS + OVERHEAD_SECONDS;
/** The ancestor's loop: the GPU waits while the agent thinks. */
const serial = 3600 / (trialSeconds + THINK_SECONDS + 6);

console.log(
  `${hours} hours; ideal: a trial every ${trialSeconds} s on each runner, ${((100 * BUDGET_SECONDS) / trialSeconds).toFixed(1)} % of the time training`,
);
console.log(`The serial loop that thinks while the GPU waits: ${serial.toFixed(2)} trials an hour.`);
for (const paced of [false, true]) {
  console.log(
    paced ? '\nWrites at the pace that GitHub asks for:\n' : '\nWrites as fast as they are answered:\n',
  );
  const rows: string[][] = [];
  for (const runners of options.runners.split(',').map(numberOf)) {
    const { trials, experiments, merges } = await runFloor({ runners, hours, paced });
    const ideal = (runners * 3600) / trialSeconds;
    rows.push([
      String(runners),
      (trials / hours).toFixed(1),
      ideal.toFixed(1),
      `${((100 * trials) / hours / ideal).toFixed(1)} %`,
      `${((100 * trials * BUDGET_SECONDS) / (runners * hours * 3600)).toFixed(1)} %`,
      (experiments / hours).toFixed(1),
      String(merges),
    ]);
  }
  const head = [
    'runners',
    'trials/h',
    'ideal',
    'of it',
    'GPU time in training',
    'experiments/h',
    'merges in all',
  ];
  console.log(markdownTable([head, ...rows], { align: 'r' }));
}
console.log(
  "\nWhat is missing: the champion's first trials take three runners, a dispatch and a few looks lie between two trials, and one loop acts for all runners, one thing at a time.",
);

function numberOf(text: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new Error(`Expected a positive number, found ${JSON.stringify(text)}.`);
  return number;
}
