/** What a run of the simulator says. */
import type { Result } from './campaign.ts';
import type { Tally } from './tally.ts';

/** A violation with how to see it again. */
export function describeViolation({ seed, violation }: Result): string {
  if (!violation) return '';
  return [
    `seed ${seed} violates: ${violation.invariant}`,
    ...violation.events.map(event => `  ${event}`),
    `replay: npm run sim -- --seed ${seed} --campaigns 1 --trace`,
  ].join('\n');
}

export function describeTally(tally: Tally, violations: number, seconds: number): string {
  const lines: [string, string | number][] = [
    [
      'campaigns',
      `${tally.campaigns} (${kinds(tally.moods)}), ${(tally.campaigns / seconds).toFixed(1)} a second`,
    ],
    ['virtual time', `${Math.round(tally.hours)} hours`],
    ['steps', tally.steps],
    ['calls of the port', tally.calls],
    ['faults', kinds(tally.faults)],
    ['kills', tally.kills],
    ['webhooks', tally.webhooks],
    ['interventions', kinds(tally.interventions)],
    ['runs', `${tally.runs} (${kinds(tally.trials)})`],
    [
      'experiments',
      `${tally.experiments}, ${tally.stacks} stacks, ${tally.merges} merged, ${tally.promotions} promotions, ${tally.reports} reports, ${tally.digests} digests, ${tally.finals} final trials, ${tally.heldBack} held back`,
    ],
    ['thoughts', `${tally.answers} (${kinds(tally.thoughts)})`],
    ['verdicts', kinds(tally.verdicts)],
    ['stopped by hand', tally.stoppedByHand],
    ['violations', violations],
  ];
  return lines.map(([name, value]) => `${name.padEnd(18)} ${value}`).join('\n');
}

function kinds(record: Readonly<Record<string, number>>): string {
  const sorted = Object.entries(record).sort(([, a], [, b]) => b - a);
  return sorted.map(([kind, times]) => `${kind} ${times}`).join(', ') || 'none';
}
