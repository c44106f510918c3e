/** The hidden markers in which the App stores its state on GitHub: of an experiment, a campaign and a promotion. */
import { z } from 'zod';
import { measurementSchema, shaSchema, trialIdSchema } from '../protocol/measurement.ts';
import { mergeCauseSchema, pauseCauseSchema, withMergeCause, withPauseCause } from './cause.ts';
import { guardFindingSchema } from './guard-finding.ts';
import { costSchema, ideaSchema, MAX_IDEA } from './idea.ts';
import { FIRST_FINAL } from './trial-id.ts';

/** A tree is unmeasurable after this many trials with a machine error. */
export const MAX_FAULTS = 3;

/** The campaign pauses after this many failed proposals in a row. */
export const MAX_FAILED_PROPOSALS = 5;

/** A candidate is restacked on a new champion at most this often. */
export const MAX_RESTACKS = 2;

/** An agent may fix a crashing experiment this often. */
export const MAX_REPAIRS = 2;

/** A completed trial as stored in a marker. `runId` is null if no run was ever found. */
export const recordedTrialSchema = measurementSchema.extend({ runId: z.int().nullable() });

export type RecordedTrial = z.infer<typeof recordedTrialSchema>;

const verdictSchema = z.preprocess(
  withMergeCause,
  z.strictObject({
    kind: z.enum([
      'merge',
      'close',
      'guard',
      'crash',
      'flagged',
      'unmeasurable',
      'superseded',
      'stopped',
      'person',
    ]),
    /** Why it is merged; null for other verdicts. */
    cause: mergeCauseSchema.nullable(),
    /** One sentence for people. */
    reason: z.string().max(500),
    /** Means over the measured trials of the candidate and of the champion, in the metric's unit. */
    value: z.number().nullable(),
    championValue: z.number().nullable(),
    /** Ids of the trials that these are the means of; missing where nothing was compared, and in older verdicts. */
    compared: z
      .strictObject({ candidate: z.array(trialIdSchema), champion: z.array(trialIdSchema) })
      .optional(),
    /** In older verdicts, how many trials of the champion that were. */
    championTrials: z.int().optional(),
    /** Standard deviation of one trial, as known at the time of the verdict. */
    noise: z.number().nullable(),
    /** Probability that the candidate is not better. */
    doubt: z.number().nullable(),
    /** Probability that it is better, as believed before its first trial; missing in older verdicts. */
    prior: z.number().optional(),
    /** What was found about the contract's guards; missing if none was looked at. */
    guards: z.array(guardFindingSchema).optional(),
  }),
);

export type Verdict = z.infer<typeof verdictSchema>;

/** A command that a person gave on an experiment's pull request. */
const recordedCommandSchema = z.strictObject({
  kind: z.enum(['keep', 'discard', 'rerun']),
  by: z.string(),
  /** Id of the comment. */
  comment: z.int(),
  /** Number of the last trial started before the command. */
  after: z.int().nonnegative(),
});

export type RecordedCommand = z.infer<typeof recordedCommandSchema>;

/** A request by a person: an idea in their words, or another try of a closed experiment. */
const askedSchema = z.strictObject({
  comment: z.int(),
  by: z.string(),
  /** The idea in words; for a closed experiment, its title. */
  idea: z.string().max(MAX_IDEA),
  /** The pull request with the edits to try again; null for a new idea. */
  pull: z.int().nullable(),
  /** Whether the champion is to be tried without that experiment, which was merged. */
  undo: z.literal(true).optional(),
  /** The pull requests whose edits to try together; empty for anything else. */
  parts: z.array(z.int()).default([]),
});

export type Asked = z.infer<typeof askedSchema>;

/** Spending on trials that are no longer in the marker. */
const spentSchema = z.strictObject({
  trials: z.int().nonnegative(),
  machineSeconds: z.number().nonnegative(),
});

/** The marker in an experiment's pull request. */
export const experimentMarkerSchema = z.strictObject({
  version: z.literal(1),
  campaign: z.int(),
  number: z.int().positive(),
  agent: z.string(),
  idea: ideaSchema,
  /** How many tokens it adds to the code; negative if it makes it shorter, null if that is unknown. */
  addedTokens: z.int().nullable().default(null),
  /** The champion that the candidate was made on. */
  champion: z.strictObject({ sha: shaSchema, tree: shaSchema }),
  commit: shaSchema,
  tree: shaSchema,
  /** The branch's head before a restack, until the branch has moved. */
  previous: shaSchema.nullable(),
  restacks: z.int().nonnegative(),
  /** How often an agent was asked to fix a crash. */
  repairs: z.int().nonnegative(),
  /** Trials up to this number measured an earlier version of the candidate and no longer count. */
  staleTrials: z.int().nonnegative(),
  cost: costSchema,
  /** Spending on trials of earlier versions. */
  earlier: spentSchema,
  trials: z.array(recordedTrialSchema),
  verdict: verdictSchema.nullable(),
  /** Commands by people, oldest first. Each has taken effect. */
  words: z.array(recordedCommandSchema).default([]),
  /** Why it is held for review; null if it is not. */
  held: z.string().max(500).nullable().default(null),
  /** The request it was made for; null for an agent's idea. */
  asked: askedSchema.nullable().default(null),
  /** The pull requests of the near misses that it stacks; empty for an idea of its own. */
  parts: z.array(z.int()).default([]),
});

export type ExperimentMarker = z.infer<typeof experimentMarkerSchema>;

const pointSchema = z.strictObject({ sha: shaSchema, tree: shaSchema });

/** A commit and its tree. */
export type Point = z.infer<typeof pointSchema>;

const campaignBaseSchema = z.strictObject({
  /** The commit that it was created from. */
  start: pointSchema,
  /** Where the App's last merge left it, or where a person told the campaign to continue from. */
  tip: pointSchema,
  /** Whether a person moved it and the campaign continued from there. */
  touched: z.boolean(),
});

/** A campaign's own branch (`base: campaign`). */
export type CampaignBase = z.infer<typeof campaignBaseSchema>;

/** The marker in a promotion's description. A person's edits to the text stay until there is something new to report. */
export const promotionMarkerSchema = z.strictObject({
  version: z.literal(1),
  campaign: z.int(),
  /** Digest of the visible text. */
  text: z.string(),
  /** Tips of the campaign's branch and of the default branch. */
  tip: shaSchema,
  home: shaSchema,
  /** Whether the two branches merge cleanly, as GitHub said for these tips; null if it was not asked. */
  fits: z.boolean().nullable(),
  /** Pull requests of the experiments in it. */
  experiments: z.array(z.int()),
});

export type PromotionMarker = z.infer<typeof promotionMarkerSchema>;

/** A measurement at the end of a campaign: of one commit, at one budget. Its trials are `<issue>/<number>.<k>`. */
const finalSchema = z.strictObject({
  number: z.int().min(FIRST_FINAL),
  /** What is measured: the editable files of this commit, */
  of: pointSchema,
  /** with everything else from this one. */
  base: shaSchema,
  budgetSeconds: z.number().positive(),
  /** The pull request of the merged idea that it leaves out; null if it is a champion. */
  without: z.int().nullable().default(null),
  /** How many trials with a result it takes. */
  seeds: z.int().positive(),
  trials: z.array(recordedTrialSchema),
});

export type Final = z.infer<typeof finalSchema>;

/** The marker in a campaign's status comment. */
export const campaignStateSchema = z.preprocess(
  withPauseCause,
  z.strictObject({
    version: z.literal(1),
    phase: z.enum(['running', 'paused', 'stopped', 'finished']),
    /** Why it is paused, stopped or finished; empty while running. */
    reason: z.string().max(2000),
    /** Why it is paused, if that decides how it resumes; null otherwise. */
    cause: pauseCauseSchema.nullable(),
    /** Whether it has ended and its report was not posted yet. Campaigns that ended before there were reports get none. */
    reportDue: z.boolean().default(false),
    /** Requested experiments, over all `/research N` commands. */
    target: z.int().nonnegative(),
    parallel: z.int().nullable(),
    budgetSeconds: z.number().nullable(),
    agent: z.string().nullable(),
    topic: z.string(),
    startedBy: z.string(),
    /** When it was last started. */
    startedAt: z.string(),
    /** Ids of the comments whose commands have taken effect. */
    comments: z.array(z.int()),
    /** Requests by people, oldest first. */
    asked: z.array(askedSchema).default([]),
    /** Trials of champions that are not in any experiment's marker. */
    baselines: z.array(recordedTrialSchema),
    /** Errors of failed proposals, newest last, at most 20. */
    failedProposals: z.array(z.string().max(300)),
    failedInARow: z.int().nonnegative(),
    /** Cost of agents' answers that no experiment was made from; experiments carry their own cost. */
    failedCost: costSchema,
    /** Pull requests of near misses whose edits did not fit the others or the champion: they are in no stack. */
    misfits: z.array(z.int()).default([]),
    /** Keys of the notices that were posted. */
    notices: z.array(z.string()),
    /** Baselines and experiments up to these counts were there when a person last resumed, so their failures no longer count. */
    forgiven: z.strictObject({ baselines: z.int().nonnegative(), experiments: z.int().nonnegative() }),
    /** The last champion without each of its ideas, for which that could be made, is among the final measurements. */
    ablated: shaSchema.nullable().default(null),
    /** Measurements at its ends, oldest first. */
    finals: z.array(finalSchema).default([]),
    /** The campaign's own branch; null if it has none, or none yet. */
    base: campaignBaseSchema.nullable().default(null),
    /** Spending on baselines that were dropped from the marker. */
    forgotten: spentSchema
      .extend({
        /** The highest trial number among them: `k` of `<issue>/0.<k>`. */
        last: z.int().nonnegative(),
      })
      .optional(),
  }),
);

export type CampaignState = z.infer<typeof campaignStateSchema>;
