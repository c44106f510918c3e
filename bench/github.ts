// Bench: how many requests the App makes of GitHub, counted at the local one
/**
 * What one more experiment costs, and looks at campaigns of 10, 100 and 1,000 finished experiments; half a minute on one core.
 *
 * Reads that GitHub answers with 304 do not count against its limit on requests.
 */
import { markdownTable } from 'markdown-table';
import { pricesOf, pricesOfLooks } from './github/scenes.ts';

/** Beside a champion of 1.0: hopeless, good at the third look, and good at once. */
const VALUES = [1.05, 0.9955, 0.9];

console.log('One more experiment, from the end of the one before it to its own:\n');
const experiments = (await pricesOf(VALUES)).map(price => [
  price.trials,
  price.writes,
  price.notifying,
  price.campaign,
  price.reads,
  price.reads - price.unchanged,
]);
table(['trials', 'writes', 'of these notify', 'status and export', 'reads', 'of these count'], experiments);

console.log('\nLooks (CPU of the App and of the local GitHub together):\n');
const looks = (await pricesOfLooks([10, 100, 1000])).map(price => [
  price.experiments,
  price.restart,
  price.restartSeconds.toFixed(2),
  price.idle / price.looks,
  price.counted / price.looks,
  price.idleMs.toFixed(0),
]);
table(
  [
    'experiments',
    'requests of a restart',
    's of CPU',
    'requests of an idle look',
    'of these count',
    'ms of CPU',
  ],
  looks,
);

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  const text = rows.map(row => row.map(cell => (typeof cell === 'number' ? String(+cell.toFixed(2)) : cell)));
  console.log(markdownTable([head, ...text], { align: 'r' }));
}
