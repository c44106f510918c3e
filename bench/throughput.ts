// Bench: experiments per hour with 1, 4, 16 and 64 runners, on a virtual clock
/**
 * The App's real step, plan and gate against the simulator's GitHub, in which nothing goes wrong. A few minutes on one core.
 *
 * The second table lets the App write as slowly as Probot's client does, as GitHub asks: a second between writes, three between those that
 * notify people.
 */
import { markdownTable } from 'markdown-table';
import { BUDGET_SECONDS, OVERHEAD_SECONDS, runFloor, THINK_SECONDS } from './throughput/floor.ts';

const RUNNERS = [1, 4, 16, 64];
const HOURS = 2;
const trialSeconds = BUDGET_SECONDS + OVERHEAD_SECONDS;
/** The ancestor's loop: the GPU waits while the agent thinks. */
const serial = 3600 / (trialSeconds + THINK_SECONDS + 6);

console.log(
  `${HOURS} hours; ideal: a trial every ${trialSeconds} s on each runner, ${((100 * BUDGET_SECONDS) / trialSeconds).toFixed(1)} % of the time training`,
);
console.log(`The serial loop that thinks while the GPU waits: ${serial.toFixed(2)} trials an hour.`);
for (const paced of [false, true]) {
  console.log(
    paced ? '\nWrites at the pace that GitHub asks for:\n' : '\nWrites as fast as they are answered:\n',
  );
  const rows: string[][] = [];
  for (const runners of RUNNERS) {
    const { trials, experiments, merges } = await runFloor({ runners, hours: HOURS, paced });
    const ideal = (runners * 3600) / trialSeconds;
    rows.push([
      String(runners),
      (trials / HOURS).toFixed(1),
      ideal.toFixed(1),
      `${((100 * trials) / HOURS / ideal).toFixed(1)} %`,
      `${((100 * trials * BUDGET_SECONDS) / (runners * HOURS * 3600)).toFixed(1)} %`,
      (experiments / HOURS).toFixed(1),
      String(merges),
    ]);
  }
  const head = ['runners', 'trials/h', 'ideal', 'of it', 'GPU time in training', 'experiments/h', 'merges'];
  console.log(markdownTable([head, ...rows], { align: 'r' }));
}
console.log(
  "\nWhat is missing: the champion's first trials take three runners, a dispatch and a few looks lie between two trials, and one loop acts for all runners, one thing at a time.",
);
