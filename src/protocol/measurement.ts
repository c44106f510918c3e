/** A measurement is the result of one trial. The action writes it on the runner, and the App reads it. */
import { z } from 'zod';
import { masked } from './secrets.ts';
import { visible } from './visible.ts';

/** `<issue>/<experiment>.<k>`. Experiment 0 is the champion; k counts from 1. */
export const trialIdSchema = z.string().regex(/^\d+\/\d+\.\d+$/, 'expected a trial id such as 7/12.1');

export const shaSchema = z.string().regex(/^[0-9a-f]{40}$/, 'expected a 40-digit git object id');

/** Why a candidate's trial has no score. */
export const crashReasons = ['exception', 'timeout', 'out of memory', 'no metric', 'not a number'] as const;

/**
 * The largest number of a candidate's that counts, in either direction. It keeps everything that is calculated from such numbers finite,
 * above all squares of their differences. The same as MOST in trainer/wire.py.
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

/** Text of a candidate or a machine, without anything that acts on a reader's screen or looks like a secret. */
const textSchema = (length: number) =>
  z
    .string()
    .max(length)
    .transform(text => masked(visible(text)));

const outcomeSchema = z.discriminatedUnion('status', [
  z.strictObject({ status: z.literal('measured'), value: numberSchema }),
  /** The candidate failed. `traceback` is the end of its output, at most 4,000 characters. */
  z.strictObject({
    status: z.literal('crash'),
    reason: z.enum(crashReasons),
    message: textSchema(500),
    traceback: textSchema(4000),
  }),
  /** Stopped early because of its projected score `value`, which never leads to a merge. `at` is the used share of the budget. */
  z.strictObject({ status: z.literal('stopped'), value: numberSchema, at: z.number().min(0).max(1) }),
  /** The machine failed, which says nothing about the candidate. The trial is repeated. */
  z.strictObject({ status: z.literal('fault'), message: textSchema(500) }),
]);

/**
 * Checks the score: the same weights predict blind once more, at `n` positions drawn after their first answers. Differences are in nats, and
 * null if they are not finite.
 */
const auditSchema = z.strictObject({
  n: z.int().positive(),
  sd: numberSchema.nonnegative().nullable(),
  largest: numberSchema.nonnegative().nullable(),
  /** In the metric's unit: an overstatement of this size would be detected with 99% probability. */
  smallestLie: numberSchema.nullable(),
  /** Findings that rounding cannot explain, one sentence each; empty for an honest candidate. */
  flags: z.array(textSchema(200)).max(10),
});

/** What a referee found besides the score. */
const refereedSchema = z.strictObject({
  /** The score before the audit, checked to be a code length. */
  claimed: numberSchema,
  /** Null if the score was not good enough to audit. Only an audited score can lead to a merge. */
  audit: auditSchema.nullable(),
  /** The metric on the held-out test text, which can hold a merge back and never leads to one; measured with the audit. */
  testValue: numberSchema.nullable(),
  startupSeconds: secondsSchema,
  scoringSeconds: secondsSchema,
  auditSeconds: secondsSchema,
});

/** What the machine gave the training (without a referee: the whole command), measured from outside. */
const conditionsSchema = z.strictObject({
  /** What the budget is counted in. */
  clock: z.enum(['wall', 'cpu']),
  /** By the wall clock. */
  seconds: secondsSchema.positive(),
  /** CPU seconds of the candidate's processes. */
  cpuSeconds: secondsSchema,
  /** Cores that other programs took meanwhile, on average; null if unknown. */
  othersCores: z.number().min(0).max(1e6).nullable(),
  cores: z.int().nonnegative(),
});

export type Conditions = z.infer<typeof conditionsSchema>;

export const measurementSchema = z.strictObject({
  version: z.literal(1),
  trial: trialIdSchema,
  /** Base commit: everything but the editable files comes from it. */
  base: shaSchema,
  candidate: shaSchema,
  /** Git tree of the candidate commit, which is what was measured. */
  tree: shaSchema,
  seed: z.int(),
  budgetSeconds: secondsSchema.positive(),
  /** Machine class: device model, count, driver, framework. Only trials of the same class are compared. */
  machine: textSchema(200),
  /** Digest of contract, referee, data and budget. Only trials with the same digest are compared. */
  digest: textSchema(64),
  sandbox: z.enum(['none', 'bubblewrap']),
  outcome: outcomeSchema,
  /** The candidate's own projection of its final score, taken at PREVIEW_AT of the budget; null if it gave none in time. */
  preview: numberSchema.nullable().default(null).catch(null),
  /** Null if the candidate reports its own score, or if there is none. */
  refereed: refereedSchema.nullable(),
  /** Null if nothing was trained, or if it was measured before this was. */
  conditions: conditionsSchema.nullable().default(null),
  /** Seconds used of the budget, in what it is counted in. */
  trainingSeconds: secondsSchema,
  /** Seconds from start to result, including start-up and scoring. */
  totalSeconds: secondsSchema,
  peakMemoryMb: z.number().min(0).max(MOST_MEMORY_MB),
  /** Further numbers that the candidate reported (steps, tokens, parameters …). They are shown, but never trusted. */
  reported: z.record(textSchema(40), numberSchema),
  /**
   * The numbers that the contract guards. Null: the candidate should have reported it, and did not. A number that is missing could not be
   * measured from outside.
   */
  numbers: z.record(textSchema(40), numberSchema.nullable()).default({}),
});

export type Measurement = z.infer<typeof measurementSchema>;
export type Outcome = Measurement['outcome'];

/** The artifact's name and the file inside it, shared by action and App. */
export const MEASUREMENT_ARTIFACT = 'measurement';
export const MEASUREMENT_FILE = 'measurement.json';
