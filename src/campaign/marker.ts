/** The hidden parts that the App keeps on GitHub: of an experiment, a campaign and a promotion. */
import { z } from 'zod';
import { measurementSchema, shaSchema } from '../protocol/measurement.ts';
import { mergeCauseSchema, pauseCauseSchema, withMergeCause, withPauseCause } from './cause.ts';
import { costSchema, ideaSchema, MAX_IDEA } from './idea.ts';

/** After so many trials that failed through the machine's fault a tree is called unmeasurable. */
export const MAX_FAULTS = 3;

/** Champion trials that calibrate the noise before the first idea. */
export const BASELINE_TRIALS = 3;

/** Proposals that may fail in a row before the campaign pauses. */
export const MAX_FAILED_PROPOSALS = 5;

/** A candidate is made again on a new champion at most this often. */
export const MAX_RESTACKS = 2;

/** The agent may mend a crash this often. */
export const MAX_REPAIRS = 2;

/** A completed trial as the markers keep it; `runId` is null where no run was ever found. */
export const recordedTrialSchema = measurementSchema.extend({ runId: z.int().nullable() });

export type RecordedTrial = z.infer<typeof recordedTrialSchema>;

const verdictSchema = z.preprocess(
  withMergeCause,
  z.strictObject({
    kind: z.enum(['merge', 'close', 'crash', 'flagged', 'unmeasurable', 'superseded', 'stopped', 'person']),
    /** Why it is merged; null for any other verdict. */
    cause: mergeCauseSchema.nullable(),
    /** One sentence for people. */
    reason: z.string().max(500),
    /** Mean of the candidate's measured trials and of the champion's, in the metric's unit. */
    value: z.number().nullable(),
    championValue: z.number().nullable(),
    /** Standard deviation of one trial, as known when judging. */
    noise: z.number().nullable(),
    /** Probability that the candidate is not better. */
    doubt: z.number().nullable(),
  }),
);

export type Verdict = z.infer<typeof verdictSchema>;

/** A person's word on an experiment. */
const wordSchema = z.strictObject({
  kind: z.enum(['keep', 'discard', 'rerun']),
  by: z.string(),
  /** Id of the comment that said it. */
  comment: z.int(),
  /** Number of the last trial that was started when it was said. */
  after: z.int().nonnegative(),
});

export type SpokenWord = z.infer<typeof wordSchema>;

/** An experiment that a person asked for: an idea in words, or that of a closed experiment once more. */
const askedSchema = z.strictObject({
  comment: z.int(),
  by: z.string(),
  /** The idea; of a closed experiment, its title. */
  idea: z.string().max(MAX_IDEA),
  /** The pull request whose edits are to be tried again; null for a new idea. */
  pull: z.int().nullable(),
});

export type Asked = z.infer<typeof askedSchema>;

/** What was spent on trials that a marker no longer holds. */
const spentSchema = z.strictObject({
  trials: z.int().nonnegative(),
  machineSeconds: z.number().nonnegative(),
});

/** The hidden part of an experiment's pull request. */
export const experimentMarkerSchema = z.strictObject({
  version: z.literal(1),
  campaign: z.int(),
  number: z.int().positive(),
  agent: z.string(),
  idea: ideaSchema,
  /** By how many tokens it makes the code longer; null where nobody can say. */
  addedTokens: z.int().nullable().default(null),
  /** The commit that the candidate was made on, and its tree. */
  champion: z.strictObject({ sha: shaSchema, tree: shaSchema }),
  commit: shaSchema,
  tree: shaSchema,
  /** Head before a restack whose branch may not have moved yet. */
  previous: shaSchema.nullable(),
  restacks: z.int().nonnegative(),
  /** How often the agent was asked to mend a crash. */
  repairs: z.int().nonnegative(),
  /** Trials up to this number measured an earlier champion's version, and count no more. */
  staleTrials: z.int().nonnegative(),
  cost: costSchema,
  /** Spent on trials of versions before this one. */
  earlier: spentSchema,
  trials: z.array(recordedTrialSchema),
  verdict: verdictSchema.nullable(),
  /** What people said of it, oldest first; each took effect. */
  words: z.array(wordSchema).default([]),
  /** Why the gate leaves it to a person; null where it does not. */
  held: z.string().max(500).nullable().default(null),
  /** Whose wish it was; null where an agent's idea. */
  asked: askedSchema.nullable().default(null),
});

export type ExperimentMarker = z.infer<typeof experimentMarkerSchema>;

const pointSchema = z.strictObject({ sha: shaSchema, tree: shaSchema });

/** A commit and its tree. */
export type Point = z.infer<typeof pointSchema>;

const campaignBaseSchema = z.strictObject({
  /** What it was made from. */
  start: pointSchema,
  /** Where the App last saw it after a merge of its own, or where a person told it to go on. */
  tip: pointSchema,
  /** A person moved it, and the campaign went on from there. */
  touched: z.boolean(),
});

/** The branch of a campaign's own (`base: campaign`). */
export type CampaignBase = z.infer<typeof campaignBaseSchema>;

/** The hidden part of a promotion: a person's words stay until there is news, and GitHub is asked once whether the two branches fit. */
export const promotionMarkerSchema = z.strictObject({
  version: z.literal(1),
  campaign: z.int(),
  /** Digest of the visible part. */
  text: z.string(),
  /** The branch's tip and the default branch's. */
  tip: shaSchema,
  home: shaSchema,
  fits: z.boolean().nullable(),
  /** Pull requests of the experiments that it offers. */
  experiments: z.array(z.int()),
});

export type PromotionMarker = z.infer<typeof promotionMarkerSchema>;

/** The hidden part of a campaign's status comment. */
export const campaignStateSchema = z.preprocess(
  withPauseCause,
  z.strictObject({
    version: z.literal(1),
    phase: z.enum(['running', 'paused', 'stopped', 'finished']),
    /** Why it is paused, stopped or finished; empty while running. */
    reason: z.string().max(2000),
    /** What the pause waits for, where the campaign can resume by itself; null where a person has to resume it, and while it is not paused. */
    cause: pauseCauseSchema.nullable(),
    /** Experiments asked for, all `/research N` together. */
    target: z.int().nonnegative(),
    parallel: z.int().nullable(),
    budgetSeconds: z.number().nullable(),
    agent: z.string().nullable(),
    topic: z.string(),
    startedBy: z.string(),
    /** When it was started, or started again after its end. */
    startedAt: z.string(),
    /** Ids of the comments that took effect. */
    comments: z.array(z.int()),
    /** What people asked to be tried next, oldest first. */
    asked: z.array(askedSchema).default([]),
    /** Trials of champions that no experiment measured. */
    baselines: z.array(recordedTrialSchema),
    /** Reasons of the proposals that came to nothing, newest last, at most 20. */
    failedProposals: z.array(z.string().max(300)),
    failedInARow: z.int().nonnegative(),
    /** Spent on thoughts that no experiment was made of or made again from; experiments carry their own cost. */
    failedCost: costSchema,
    /** Announcements made once: "no runner" and the like. */
    notices: z.array(z.string()),
    /** What a person's `resume` forgave: baselines and experiments up to here do not count as failures any more. */
    forgiven: z.strictObject({ baselines: z.int().nonnegative(), experiments: z.int().nonnegative() }),
    /** Null without a branch of the campaign's own, and before it was made. */
    base: campaignBaseSchema.nullable().default(null),
    /** Spent on baselines that are kept no more. */
    forgotten: spentSchema
      .extend({
        /** The highest number among them: `k` of `<issue>/0.<k>`. */
        last: z.int().nonnegative(),
      })
      .optional(),
  }),
);

export type CampaignState = z.infer<typeof campaignStateSchema>;
