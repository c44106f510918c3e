/** What the local GitHub remembers besides git: plain data, written as one JSON file. Times are ISO 8601 with whole seconds, as GitHub's are. */
import type { JobStep } from '../jobs.ts';
import type { Commit } from './git/parse.ts';

export type Permission = 'admin' | 'write' | 'read' | 'none';

export interface Account {
  id: number;
  login: string;
}

export interface Installation {
  id: number;
  account: string;
  createdAt: string;
}

/** A short-lived token. The App's may write to all repositories of one owner, a job's may read its own. */
export type Token = { token: string; expiresAt: string } & (
  | { kind: 'installation'; owner: string }
  | { kind: 'job'; job: number; repository: number }
);

export interface Label {
  id: number;
  name: string;
}

export const REACTIONS = ['+1', '-1', 'laugh', 'confused', 'heart', 'hooray', 'rocket', 'eyes'] as const;

export interface Reaction {
  id: number;
  user: string;
  content: (typeof REACTIONS)[number];
  createdAt: string;
}

export interface Comment {
  id: number;
  number: number;
  user: string;
  body: string;
  createdAt: string;
  updatedAt: string;
  reactions: Reaction[];
}

/** What a pull request has beyond an issue. */
export interface Pull {
  id: number;
  head: string;
  headSha: string;
  base: string;
  baseSha: string;
  /** `fresh`: never computed; `stale`: the base moved since it was computed. */
  mergeability: 'fresh' | 'stale' | 'computed';
  mergedAt: string | null;
  mergedBy: string | null;
  mergeCommitSha: string | null;
}

export interface Issue {
  id: number;
  number: number;
  title: string;
  body: string | null;
  user: string;
  state: 'open' | 'closed';
  labels: string[];
  createdAt: string;
  updatedAt: string;
  closedAt: string | null;
  closedBy: string | null;
  reactions: Reaction[];
  pull: Pull | null;
}

export type PullIssue = Issue & { pull: Pull };

export type CheckStatus = 'queued' | 'in_progress' | 'completed';
export const CHECK_CONCLUSIONS = [
  'success',
  'failure',
  'neutral',
  'cancelled',
  'skipped',
  'timed_out',
  'action_required',
] as const;
export type CheckConclusion = (typeof CHECK_CONCLUSIONS)[number];

export interface CheckRun {
  id: number;
  /** The App that made it, or GitHub Actions. */
  app: 'app' | 'actions';
  name: string;
  headSha: string;
  externalId: string;
  detailsUrl: string | null;
  status: CheckStatus;
  conclusion: CheckConclusion | null;
  startedAt: string;
  completedAt: string | null;
  output: { title: string | null; summary: string | null; text: string | null };
}

export interface Workflow {
  id: number;
  path: string;
  createdAt: string;
}

export interface RunJob {
  id: number;
  runId: number;
  key: string;
  name: string;
  labels: string[];
  status: CheckStatus;
  conclusion: CheckConclusion | null;
  steps: JobStep[];
  runner: string | null;
  checkRunId: number;
  startedAt: string | null;
  completedAt: string | null;
}

export interface Run {
  id: number;
  number: number;
  workflowId: number;
  workflowName: string;
  path: string;
  title: string;
  /** Full ref of the dispatch. */
  ref: string;
  headSha: string;
  commit: Commit;
  inputs: Record<string, string>;
  actor: string;
  status: CheckStatus;
  conclusion: CheckConclusion | null;
  createdAt: string;
  updatedAt: string;
}

export interface Artifact {
  id: number;
  runId: number;
  name: string;
  sizeBytes: number;
  createdAt: string;
}

/** Checks that have to succeed before something is merged into a branch. */
export interface Protection {
  branch: string;
  checks: string[];
}

export interface Repository {
  id: number;
  owner: string;
  name: string;
  private: boolean;
  defaultBranch: string;
  createdAt: string;
  pushedAt: string;
  labels: Label[];
  /** Issues and pull requests: number n is at index n - 1. */
  issues: Issue[];
  comments: Comment[];
  checkRuns: CheckRun[];
  workflows: Workflow[];
  runs: Run[];
  jobs: RunJob[];
  artifacts: Artifact[];
  protections: Protection[];
}

export interface State {
  version: 3;
  nextId: number;
  accounts: Account[];
  installations: Installation[];
  tokens: Token[];
  repositories: Repository[];
}

export const EMPTY_STATE: Readonly<State> = {
  version: 3,
  nextId: 1000,
  accounts: [],
  installations: [],
  tokens: [],
  repositories: [],
};
