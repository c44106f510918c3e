// Bench: seconds that a trial takes beside its command, by where they go, against a bare loop
/**
 * The App, the local GitHub and one runner, as in the demo, on a repository whose command waits: `--seconds 4 --experiments 5`. The bare loop
 * is what a script would do: commit an edit, run the command, reset.
 */
import { parseArgs } from 'node:util';
import { markdownTable } from 'markdown-table';
import { bareLoop } from './overhead/bare.ts';
import { campaign } from './overhead/campaign.ts';
import { PHASES, phasesOf } from './overhead/phases.ts';
import { waitingRepository } from './overhead/repository.ts';

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '4' }, experiments: { type: 'string', default: '5' } },
});
const seconds = Number(values.seconds);
await using repository = await waitingRepository(seconds);
const bare = await bareLoop(repository.root, 3);
const trials = phasesOf(await campaign(repository, Number(values.experiments)));

const [low = NaN, middle = NaN, high = NaN] = quartiles(trials.map(({ total }) => total));
console.log(`${trials.length} trials of a command that waits ${seconds} s; beside it, each takes`);
console.log(`${middle.toFixed(2)} s (median; quartiles ${low.toFixed(2)} and ${high.toFixed(2)} s).`);
console.log(`The bare loop takes ${bare.toFixed(2)} s beside the same command.\n`);
const rows = PHASES.map(({ key, name }) => {
  const each = quartiles(trials.map(trial => trial.phases[key] ?? NaN));
  return [name, ...each.map(value => value.toFixed(2))];
});
console.log(
  markdownTable([['where', 'quartile', 'median', 'quartile'], ...rows], { align: ['l', 'r', 'r', 'r'] }),
);

/** The quartiles and the median. */
function quartiles(numbers: readonly number[]): number[] {
  const sorted = numbers.toSorted((a, b) => a - b);
  return [0.25, 0.5, 0.75].map(share => sorted[Math.round(share * (sorted.length - 1))] ?? NaN);
}
