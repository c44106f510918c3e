// Bench: early stop on learning curves recorded from the trainer: verdicts per hour, and helpful ideas lost
/**
 * Replays campaigns with recorded pairs of preview and value (curves.json, made by record_curves.py); half a minute on one core.
 *
 * An idea's first trial is as it was recorded. What it truly adds is not known: its recorded effect is used
 * instead, drawn towards 0 as far as noise explains what ideas differ by. Its further trials are drawn around that, with what the champion's
 * own runs differed by. Merged effects add up. Ideas come in random order, each once in a campaign. ± is one standard error.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { createRandom } from '../src/sim/random.ts';
import { type Outcome, replay, worldOf } from './replay.ts';

const recordedSchema = z.array(
  z.object({
    change: z.string(),
    run: z.object({ value: z.number(), curve: z.array(z.number().nullable()) }),
  }),
);
const RULES = { goal: 'minimize', rule: 'bayes', falseMerges: 0.1, maxTrials: 4, noise: null } as const;
/** Whole trials that one runner finishes in an hour, at 300 s of training and 25 s around it. */
const TRIALS_PER_HOUR = 3600 / 325;
const CAMPAIGNS = 200;
const SHARES = [0.4, 0.5, 0.6, 0.7, 0.8];

const text = readFileSync(path.join(import.meta.dirname, 'curves.json'), 'utf8');
const recorded = recordedSchema.parse(JSON.parse(text));

console.log(`${CAMPAIGNS} campaigns; helpful: a true gain of a fifth of the noise or more`);
for (const at of [null, ...SHARES]) {
  const world = worldOf(recorded, at ?? 1);
  const outcomes = Array.from({ length: CAMPAIGNS }, (_, i) => replay(createRandom(1 + i), world, RULES, at));
  if (at === null) console.log(`${world.ideas.length} ideas, noise ${world.deviation.toFixed(4)}\n`);
  console.log(
    `${at === null ? 'no early stop' : `previews at ${percent(at)}`.padEnd(13)}  ${summary(outcomes)}`,
  );
}

function summary(outcomes: readonly Outcome[]): string {
  const show = (of: (outcome: Outcome) => number, digits: number) => {
    const values = outcomes.map(of);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    const error = Math.sqrt(squares / Math.max(1, values.length - 1) / values.length);
    return `${mean.toFixed(digits)} ± ${error.toFixed(digits)}`;
  };
  return [
    `verdicts per hour ${show(({ verdicts, spent }) => (TRIALS_PER_HOUR * verdicts) / spent, 2)}`,
    `stopped ${show(({ stopped }) => stopped, 1)}`,
    `helpful ${show(({ helpful }) => helpful.all, 0)}`,
    `of these merged ${show(({ helpful }) => helpful.merged, 2)}`,
    `stopped ${show(({ helpful }) => helpful.stopped, 2)}`,
    `merges ${show(({ merges }) => merges, 2)}`,
    `gain ${show(({ gain }) => gain, 4)}`,
  ].join('   ');
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
