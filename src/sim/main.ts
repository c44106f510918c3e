/** `npm run sim -- --seed 1 --campaigns 1000`: simulated campaigns, and what was found. */
import { simulate } from './campaign.ts';

const [seed, n, trace] = process.argv.slice(2).map(Number);
const t = performance.now();
let bad = 0;
const kinds: Record<string, number[]> = {};
for (let i = 0; i < (n ?? 1); i++) {
  const r = await simulate((seed ?? 1) + i, trace ? console.log : undefined);
  if (r.violation) {
    bad++;
    const k = r.violation.invariant.replace(/\d+/g, 'N').slice(0, 150);
    (kinds[k] ??= []).push(r.seed);
    if ((n ?? 1) === 1) console.log(r.violation.events.join('\n'), r.violation.invariant, r.tally);
  } else if ((n ?? 1) === 1) console.log(r.tally);
}
for (const [k, v] of Object.entries(kinds)) console.log(v.length, k, v.slice(0, 5).join(' '));
console.log(bad, 'bad', ((n ?? 1) / ((performance.now() - t) / 1000)).toFixed(1), 'per s');
