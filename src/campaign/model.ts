/** The domain: campaigns, experiments, trials in flight, and a snapshot of GitHub that contains them. */
import type { ContractFile } from '../protocol/contract-file.ts';
import type { Measurement } from '../protocol/measurement.ts';
import type { Command } from './command.ts';
import type { CampaignState, ExperimentMarker, Point, PromotionMarker, RecordedTrial } from './marker.ts';
import type { Thought } from './thought.ts';

export const RESEARCH_LABEL = 'research';
/** On pull requests that need a person's decision. */
export const HELD_LABEL = 'research:held';

export interface Campaign {
  issue: number;
  issueOpen: boolean;
  /** Whether the issue has the label that the App finds campaigns by. */
  labelled: boolean;
  /** The status comment. */
  comment: { id: number; body: string; updatedAt: string } | null;
  /** Null if the marker is missing or unreadable. */
  state: CampaignState | null;
  /** Keys of the notices on the issue; only read if there is no state. */
  notices: string[];
}

/** A campaign whose state can be read. */
export type KnownCampaign = Campaign & { state: CampaignState };

export function isKnown(campaign: Campaign): campaign is KnownCampaign {
  return campaign.state !== null;
}

export interface Experiment {
  pull: number;
  state: 'open' | 'closed' | 'merged';
  title: string;
  branch: string;
  /** The branch that the pull request targets. */
  base: string;
  headSha: string;
  labelled: boolean;
  mergeCommit: string | null;
  marker: ExperimentMarker;
}

/** A trial that was started and is not in a marker yet. */
export interface Attempt {
  trial: string;
  /** The App's check run: first the intent, then the result. */
  check: { id: number; startedAt: string; completed: boolean; measurement: RecordedTrial | null } | null;
  run: Run | null;
}

export interface Run {
  id: number;
  /** The workflow's `run-name`, which is the trial's id. */
  title: string;
  /** The champion at the time of the dispatch. */
  headSha: string;
  status: 'queued' | 'in_progress' | 'completed';
  conclusion: string | null;
  createdAt: string;
  url: string;
}

/** A command in a comment that has not taken effect yet. */
export interface PendingCommand {
  comment: number;
  issue: number;
  author: string;
  /** Whether the author has write permission. */
  permitted: boolean;
  command: { kind: 'command'; command: Command } | { kind: 'mistake'; message: string };
}

/** A pull request of the App on an experiment's branch, with a marker that is missing or unreadable. */
export interface UnreadableExperiment {
  pull: number;
  open: boolean;
  campaign: number;
  number: number;
}

/** The App's pull request from a campaign's own branch to the default branch. */
export interface Promotion {
  pull: number;
  campaign: number;
  state: 'open' | 'closed' | 'merged';
  /** The tip of the branch when the pull request was last open. */
  headSha: string;
  /** Null if a person removed it. */
  marker: PromotionMarker | null;
}

/** Something that the App made twice, or that is no longer needed. */
export type Duplicate =
  | { kind: 'comment'; id: number }
  | { kind: 'run'; id: number }
  | { kind: 'check'; id: number; trial: string };

/** The state of a repository on GitHub, read at one moment. */
export interface Snapshot {
  /** The repository's page. */
  url: string;
  /** The default branch. */
  home: { branch: string } & Point;
  /** The branch that the current campaign works on. With `base: campaign` that is its own branch, or the default branch until that exists. */
  base: { branch: string; sha: string; tree: string };
  /** With `base: campaign`, the tip of the current campaign's branch; null without a campaign or branch. */
  campaignTip: (Point & { parents: string[] }) | null;
  contract: ContractFile | { kind: 'missing' };
  campaigns: Campaign[];
  experiments: Experiment[];
  unreadable: UnreadableExperiment[];
  promotions: Promotion[];
  /** Trials in flight, by id. */
  attempts: ReadonlyMap<string, Attempt>;
  /** Runs that were started again by hand, although their trial already has a result. */
  repeated: readonly Pick<Run, 'id' | 'title'>[];
  /** Existing branches of experiments and campaigns: name to commit. */
  branches: ReadonlyMap<string, string>;
  /** Branches that the App made for an experiment, but that have no pull request. */
  leftovers: readonly string[];
  /** Branches with an open pull request by anyone. */
  offered: ReadonlySet<string>;
  /** When a run was last seen to have ended by itself, which shows that there is a runner; null if there was none since the App started. */
  runEndedAt: string | null;
  commands: PendingCommand[];
  duplicates: readonly Duplicate[];
  /** Requests to agents that are being worked on or have been answered, oldest first. */
  thoughts: readonly Thought[];
}

/** The branch of an experiment. */
export function branchName(issue: number, number: number): string {
  return `research/${issue}/${number}`;
}

/** The values of the trials that were measured. */
export function measuredValues(trials: readonly Measurement[]): number[] {
  return trials.flatMap(trial => (trial.outcome.status === 'measured' ? [trial.outcome.value] : []));
}
