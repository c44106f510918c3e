/** What the App needs of GitHub: a narrow interface, so that a simulator can replace it. */

import type { RepositoryFile } from '../protocol/repository-file.ts';

export interface Repository {
  owner: string;
  name: string;
}

export interface Commit {
  sha: string;
  tree: string;
  parents: string[];
  message: string;
}

/** A comment, or the text of an issue itself, which counts as its first comment. */
export interface Comment {
  /** Of an issue's own text: minus the issue's number. */
  id: number;
  issue: number;
  author: string;
  body: string;
  createdAt: string;
  updatedAt: string;
}

export interface Pull {
  number: number;
  state: 'open' | 'closed' | 'merged';
  title: string;
  body: string;
  author: string;
  branch: string;
  /** The branch to merge into. */
  base: string;
  /** `owner/name` of the head's repository; an experiment's is the repository itself. */
  headRepository: string;
  headSha: string;
  labels: string[];
  mergeCommit: string | null;
  createdAt: string;
  updatedAt: string;
}

export interface Issue {
  number: number;
  open: boolean;
  isPull: boolean;
  labels: string[];
  updatedAt: string;
}

export interface CheckRun {
  id: number;
  externalId: string;
  startedAt: string;
  completed: boolean;
  text: string;
}

export interface WorkflowRun {
  id: number;
  title: string;
  actor: string;
  /** 1, or more after re-runs. */
  attempt: number;
  /** Tip of the branch at the dispatch. */
  headSha: string;
  status: 'queued' | 'in_progress' | 'completed';
  conclusion: string | null;
  createdAt: string;
  url: string;
}

export interface RunJob {
  labels: string[];
  /** Null if it has not failed, or does not say. */
  failure: string | null;
}

export interface CheckRunText {
  title: string;
  summary: string;
  text: string;
}

/** Why a merge failed: the base has just moved (temporary), or a rule of the repository forbids it. */
export type MergeResult =
  | { kind: 'merged'; sha: string }
  | { kind: 'moved' }
  | { kind: 'refused'; message: string };

export interface GitHubPort {
  readonly repository: Repository;
  /** The App's login, `<slug>[bot]`. */
  readonly botLogin: string;

  /** `url`: the repository's page. `squashes`: pull requests may be merged by squashing. */
  about(): Promise<{ url: string; isPublic: boolean; defaultBranch: string; squashes: boolean }>;
  /** By branch or full id; null if there is no such branch or commit. */
  commit(ref: string): Promise<Commit | null>;
  /** Text of a file at a ref, to be read and not to be written back; null if there is none. */
  file(path: string, ref: string): Promise<string | null>;
  /** What is at a path; null if nothing is. */
  look(path: string, ref: string): Promise<RepositoryFile | null>;
  /** Names of the workflow files at a ref. */
  workflowFiles(ref: string): Promise<string[]>;
  /** Rules that would prevent the App from merging into a branch; empty without any. */
  baseObstacles(branch: string): Promise<string[]>;
  /** Branches whose name starts with `prefix`: name to commit. */
  branches(prefix: string): Promise<Map<string, string>>;
  issue(number: number): Promise<Issue | null>;
  openIssues(label: string): Promise<Issue[]>;
  comments(issue: number): Promise<Comment[]>;
  /** The first comment on an issue that is wanted; reads no further than that. */
  findComment(issue: number, isWanted: (comment: Comment) => boolean): Promise<Comment | null>;
  comment(id: number): Promise<Comment | null>;
  /** Comments on all issues that were edited since `since`, oldest first. */
  commentsSince(since: Date): Promise<Comment[]>;
  /** The texts of the issues that were opened since `since`, oldest first. When they were edited is not known. */
  issuesSince(since: Date): Promise<Comment[]>;
  /** Pull requests that were edited since `since` (null: all), latest edit first. */
  pullsSince(since: string | null): Promise<Pull[]>;
  openPullOf(branch: string): Promise<Pull | null>;
  pull(number: number): Promise<Pull>;
  /** Whether an open pull request merges without conflicts; null while GitHub has not checked. */
  mergeable(pull: number): Promise<boolean | null>;
  /** The App's own check runs on a commit. */
  checks(sha: string): Promise<CheckRun[]>;
  /** The newest runs of a workflow, at most 100. */
  runs(workflow: string): Promise<WorkflowRun[]>;
  /** Text of a file in a run's artifact, the oldest of that name; null if there is none. */
  artifact(runId: number, name: string, file: string): Promise<string | null>;
  /** The first job of a run: the labels that a runner needs for it, and why it failed, in the runner's words. Null if there is none. */
  job(runId: number): Promise<RunJob | null>;
  /** The labels of each runner of the repository that is online; null if the App may not know them. */
  runners(): Promise<string[][] | null>;
  permission(login: string): Promise<'admin' | 'write' | 'read' | 'none'>;

  /** A tree like `base` (null: empty) with some files replaced; returns its id. */
  createTree(base: string | null, files: ReadonlyMap<string, string>): Promise<string>;
  createCommit(message: string, tree: string, parent: string | null): Promise<string>;
  createBranch(name: string, sha: string): Promise<void>;
  moveBranch(name: string, sha: string): Promise<void>;
  deleteBranch(name: string): Promise<void>;
  createPull(pull: { title: string; body: string; branch: string; base: string }): Promise<number>;
  updatePull(number: number, change: { title?: string; body?: string; state?: 'closed' }): Promise<void>;
  merge(pull: number, options: { sha: string; title: string; message: string }): Promise<MergeResult>;
  addLabel(issue: number, label: string): Promise<void>;
  createComment(issue: number, body: string): Promise<Comment>;
  updateComment(id: number, body: string): Promise<void>;
  /** Deletes one of the App's comments. Does nothing if it is gone already. */
  deleteComment(id: number): Promise<void>;
  react(comment: number, reaction: 'eyes' | 'rocket' | 'confused'): Promise<void>;
  createCheck(sha: string, externalId: string, startedAt: Date, text: CheckRunText): Promise<number>;
  /** Restarts a check run, so that it is in progress since `startedAt`. */
  restartCheck(id: number, startedAt: Date): Promise<void>;
  completeCheck(
    id: number,
    conclusion: 'success' | 'failure' | 'neutral',
    url: string | null,
    text: CheckRunText,
  ): Promise<void>;
  dispatch(workflow: string, ref: string, inputs: Record<string, string>): Promise<void>;
  cancelRun(id: number): Promise<void>;
}
