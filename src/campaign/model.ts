/** What the App knows about a repository: campaigns and experiments as their markers hold them, and a snapshot of GitHub. */
import { z } from 'zod';
import type { ContractFile } from '../protocol/contract-file.ts';
import { type Measurement, measurementSchema, shaSchema } from '../protocol/measurement.ts';
import type { Command } from './command.ts';
import { costSchema, ideaSchema, MAX_IDEA } from './idea.ts';
import type { Thought } from './thought.ts';

export const RESEARCH_LABEL = 'research';
/** On pull requests that the gate left to people. */
export const HELD_LABEL = 'research:held';
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

const verdictSchema = z.strictObject({
  kind: z.enum(['merge', 'close', 'crash', 'flagged', 'unmeasurable', 'superseded', 'stopped', 'person']),
  /** One sentence for people. */
  reason: z.string().max(500),
  /** Mean of the candidate's measured trials and of the champion's, in the metric's unit. */
  value: z.number().nullable(),
  championValue: z.number().nullable(),
  /** Standard deviation of one trial, as known when judging. */
  noise: z.number().nullable(),
  /** Probability that the candidate is not better. */
  doubt: z.number().nullable(),
});
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

/** Why a tie is merged. */
export const SIMPLER = 'As good as the champion, and shorter.';

/** The hidden part of an experiment's pull request. */
export const experimentMarkerSchema = z.strictObject({
  version: z.literal(1),
  campaign: z.int(),
  number: z.int().positive(),
  agent: z.string(),
  idea: ideaSchema,
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
export const campaignStateSchema = z.strictObject({
  version: z.literal(1),
  phase: z.enum(['running', 'paused', 'stopped', 'finished']),
  /** Why it is paused, stopped or finished; empty while running. */
  reason: z.string().max(2000),
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
});
export type CampaignState = z.infer<typeof campaignStateSchema>;

export interface Campaign {
  issue: number;
  issueOpen: boolean;
  /** Whether the issue has the label by which the App finds it again. */
  labelled: boolean;
  /** Id, text and time of the last edit of the status comment. */
  comment: { id: number; body: string; updatedAt: string } | null;
  /** Null where the marker is gone or cannot be read. */
  state: CampaignState | null;
  /** Keys of the notices on the issue; read only where there is no state. */
  notices: string[];
}

export interface Experiment {
  pull: number;
  state: 'open' | 'closed' | 'merged';
  title: string;
  branch: string;
  /** Branch that the pull request is to be merged into. */
  base: string;
  headSha: string;
  labelled: boolean;
  mergeCommit: string | null;
  marker: ExperimentMarker;
}

/** Key of the notice that a person has seen what an audit found of this experiment. */
export function flagNotice({ pull }: Experiment): string {
  return `flagged ${pull}`;
}

/** A trial that was started and is not yet in a marker. */
export interface Attempt {
  trial: string;
  /** The App's check run: the intent, and after completion the result. */
  check: { id: number; startedAt: string; completed: boolean; measurement: RecordedTrial | null } | null;
  run: Run | null;
}

export interface Run {
  id: number;
  /** `run-name`: the trial's id. */
  title: string;
  /** The champion when it was dispatched. */
  headSha: string;
  status: 'queued' | 'in_progress' | 'completed';
  conclusion: string | null;
  createdAt: string;
  url: string;
}

/** A comment that holds a command and has not taken effect. */
export interface PendingCommand {
  comment: number;
  issue: number;
  author: string;
  command: { kind: 'command'; command: Command } | { kind: 'mistake'; message: string };
}

/** The App's pull request on an experiment's branch whose hidden part is gone. */
export interface UnreadableExperiment {
  pull: number;
  open: boolean;
  campaign: number;
  number: number;
}

/** The App's pull request from a campaign's own branch into the default branch. */
export interface Promotion {
  pull: number;
  campaign: number;
  state: 'open' | 'closed' | 'merged';
  /** What it proposes: the branch's tip, when it was last open. */
  headSha: string;
  /** What the App wrote at last; null where a person took it out. */
  marker: PromotionMarker | null;
}

/** What the App made twice, or began and does not need any more. */
export type Duplicate =
  | { kind: 'comment'; id: number }
  | { kind: 'run'; id: number }
  | { kind: 'check'; id: number; trial: string };

/** GitHub at one moment, as far as one base branch is concerned. */
export interface Snapshot {
  /** The default branch. */
  home: { branch: string } & Point;
  /** Where the current campaign works: with `base: campaign` a branch of its own, or the default branch until that is made. */
  base: { branch: string; sha: string; tree: string };
  /** With `base: campaign`, the tip of the current campaign's branch; null where there is no such branch, or no campaign. */
  campaignTip: (Point & { parents: string[] }) | null;
  contract: ContractFile | { kind: 'missing' };
  campaigns: Campaign[];
  experiments: Experiment[];
  unreadable: UnreadableExperiment[];
  promotions: Promotion[];
  /** Trials in flight, by id. */
  attempts: ReadonlyMap<string, Attempt>;
  /** Runs of trials that were recorded before somebody started them again. */
  repeated: readonly Pick<Run, 'id' | 'title'>[];
  /** Branches of experiments and campaigns that exist, by name. */
  branches: ReadonlyMap<string, string>;
  /** Those among them that the App made for an experiment and has no pull request of. */
  leftovers: readonly string[];
  /** Branches that have an open pull request, whoever's it is. */
  offered: ReadonlySet<string>;
  /** When a run was last seen to have ended by itself, which shows that there is a runner; null where none was since the start. */
  runEndedAt: string | null;
  commands: PendingCommand[];
  duplicates: readonly Duplicate[];
  /** What agents think about, oldest first. */
  thoughts: readonly Thought[];
}

/** Branch of an experiment. */
export function branchName(issue: number, number: number): string {
  return `research/${issue}/${number}`;
}

/** `<issue>/<experiment>.<k>`; experiment 0 is the champion. */
export function trialId(issue: number, experiment: number, k: number): string {
  return `${issue}/${experiment}.${k}`;
}

/** Values of the trials that brought a number. */
export function measuredValues(trials: readonly Measurement[]): number[] {
  return trials.flatMap(trial => (trial.outcome.status === 'measured' ? [trial.outcome.value] : []));
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
