/** What the App knows of a repository: campaigns and experiments as domain types, and one snapshot of GitHub. */
import type { ContractFile } from '../protocol/contract-file.ts';
import type { Measurement } from '../protocol/measurement.ts';
import type { Command } from './command.ts';
import type { CampaignState, ExperimentMarker, Point, PromotionMarker, RecordedTrial } from './marker.ts';
import type { Thought } from './thought.ts';

export const RESEARCH_LABEL = 'research';
/** On pull requests that the gate left to people. */
export const HELD_LABEL = 'research:held';

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
  /** Branch that the pull request is to be merged into. */
  base: string;
  headSha: string;
  labelled: boolean;
  mergeCommit: string | null;
  marker: ExperimentMarker;
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
