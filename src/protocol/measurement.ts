/** A measurement: the result of one trial. Written by the action on the runner, read by the App. */
import { z } from 'zod';
import { visible } from './visible.ts';

/** `<issue>/<experiment>.<k>`; experiment 0 is the champion, k counts from 1. */
export const trialIdSchema = z.string().regex(/^\d+\/\d+\.\d+$/, 'expected a trial id like 7/12.1');

export const shaSchema = z.string().regex(/^[0-9a-f]{40}$/, 'expected a 40-digit git object id');

/** Why a candidate's trial brought no number. */
export const crashReasons = ['exception', 'timeout', 'out of memory', 'no metric', 'not a number'] as const;

/**
 * No number of a candidate's counts beyond this, in either direction: whatever is calculated with such numbers, squares of their
 * differences above all, is a number too. Also MOST in trainer/wire.py.
 */
export const MOST = 1e20;
/** Four months. */
const MOST_SECONDS = 1e7;
/** A petabyte. */
export const MOST_MEMORY_MB = 1e9;

/** Whether a number can be a result. */
export function isMeasurable(value: number): boolean {
  return Math.abs(value) <= MOST;
}

const numberSchema = z.number().min(-MOST).max(MOST);
const secondsSchema = z.number().min(0).max(MOST_SECONDS);

/** What a candidate or a machine wrote; what acts on a reader's screen is gone from here on. */
const textSchema = (length: number) => z.string().max(length).transform(visible);

const outcomeSchema = z.discriminatedUnion('status', [
  z.strictObject({ status: z.literal('measured'), value: numberSchema }),
  /** The candidate's fault. `traceback` is the end of its output, at most 4,000 characters. */
  z.strictObject({
    status: z.literal('crash'),
    reason: z.enum(crashReasons),
    message: textSchema(500),
    traceback: textSchema(4000),
  }),
  /** Ended for its preview, which no verdict to merge ever rests on. `at`: share of the budget that was over. */
  z.strictObject({ status: z.literal('stopped'), value: numberSchema, at: z.number().min(0).max(1) }),
  /** The machine's fault: says nothing about the candidate, the trial is repeated. */
  z.strictObject({ status: z.literal('fault'), message: textSchema(500) }),
]);

/**
 * How honest the number is: the same weights were asked again, blind, at `n` positions drawn after they had answered. Differences in nats;
 * null where they are not finite.
 */
const auditSchema = z.strictObject({
  n: z.int().positive(),
  sd: numberSchema.nonnegative().nullable(),
  largest: numberSchema.nonnegative().nullable(),
  /** In the metric's unit: a lie of this size in all would have been noticed with 99 %. */
  smallestLie: numberSchema.nullable(),
  /** What cannot be rounding, one sentence each; empty for an honest candidate. */
  flags: z.array(textSchema(200)).max(10),
});

/** What a referee found beside the number. */
const refereedSchema = z.strictObject({
  /** The number before the audit, checked to be a code length. */
  claimed: numberSchema,
  /** Null where the number did not call for one. Only an audited number can lead to a merge. */
  audit: auditSchema.nullable(),
  /** The same metric on text that decides nothing; known after an audit. */
  testValue: numberSchema.nullable(),
  startupSeconds: secondsSchema,
  scoringSeconds: secondsSchema,
  auditSeconds: secondsSchema,
});

export const measurementSchema = z.strictObject({
  version: z.literal(1),
  trial: trialIdSchema,
  /** Base commit, from which everything but the editable files was taken. */
  base: shaSchema,
  candidate: shaSchema,
  /** Git tree of the candidate commit: what was measured. */
  tree: shaSchema,
  seed: z.int(),
  budgetSeconds: secondsSchema.positive(),
  /** Machine class: device model, count, driver, framework. Only equal classes are ever compared. */
  machine: textSchema(200),
  /** Digest of contract, referee, data and budget. Only equal digests are ever compared. */
  digest: textSchema(64),
  sandbox: z.enum(['none', 'bubblewrap']),
  outcome: outcomeSchema,
  /** What the candidate said of itself part of the way through (PREVIEW_AT of stop-bar.ts); null where it said nothing in time. */
  preview: numberSchema.nullable().default(null).catch(null),
  /** Null where the candidate reports its own number, and where there is none. */
  refereed: refereedSchema.nullable(),
  /** Seconds spent inside the budget. */
  trainingSeconds: secondsSchema,
  /** Seconds from start to result, start-up and scoring included. */
  totalSeconds: secondsSchema,
  peakMemoryMb: z.number().min(0).max(MOST_MEMORY_MB),
  /** Further numbers as the candidate reported them (steps, tokens, parameters …): shown, trusted for nothing. */
  reported: z.record(textSchema(40), numberSchema),
});

export type Measurement = z.infer<typeof measurementSchema>;
export type Outcome = Measurement['outcome'];

/** The artifact's name and the file inside it, agreed between action and App. */
export const MEASUREMENT_ARTIFACT = 'measurement';
export const MEASUREMENT_FILE = 'measurement.json';
