/** What GitHub knows of one repository, in memory. */
import type { CheckRun, Comment, Issue, Pull, WorkflowRun } from '../../github/port.ts';
import { createGit, type Git } from './git.ts';
import { createTable, type Table } from './table.ts';

export interface Branch {
  name: string;
  sha: string;
}

export type IssueRecord = Issue & Pick<Comment, 'author' | 'body' | 'createdAt'>;

export interface PullRecord extends Pull {
  /** After the base moved, the first merge fails until GitHub has looked at the pull request again. */
  mergeability: 'known' | 'stale';
}

export interface CheckRecord extends CheckRun {
  sha: string;
  author: string;
  conclusion: string | null;
}

export interface RunRecord extends WorkflowRun {
  workflow: string;
  inputs: Readonly<Record<string, string>>;
  /** Text of `measurement.json` of each attempt that left one, oldest first. */
  artifacts: readonly string[];
  /** Milliseconds; before, lists of runs do not hold it. */
  listedAt: number;
  /** Somebody asked to cancel it while it ran: its runner ends it before long. */
  cancelling: boolean;
}

/** One change, as everybody who watches the repository learns of it; `before` or `after` is undefined where there is none. */
export type Change =
  /** `merged`: the pull request whose merge moved the branch. */
  | ({ table: 'branches'; merged: number | null } & Moved<Branch>)
  | ({ table: 'pulls' } & Moved<PullRecord>)
  | ({ table: 'issues' } & Moved<IssueRecord>)
  | ({ table: 'comments' } & Moved<Comment>)
  | ({ table: 'checks' } & Moved<CheckRecord>)
  | ({ table: 'runs' } & Moved<RunRecord>);

interface Moved<T> {
  actor: string;
  before: T | undefined;
  after: T | undefined;
}

export interface Model {
  readonly botLogin: string;
  readonly repository: { owner: string; name: string };
  readonly defaultBranch: string;
  /** Milliseconds. */
  now(): number;
  git: Git;
  branches: Table<string, Branch>;
  issues: Table<number, IssueRecord>;
  pulls: Table<number, PullRecord>;
  comments: Table<number, Comment>;
  checks: Table<number, CheckRecord>;
  runs: Table<number, RunRecord>;
  permissions: ReadonlyMap<string, 'admin' | 'write' | 'read'>;
  /** What the default branch's protection says to a merge; null where there is none. */
  rule: string | null;
  /** How long a new run is missing from the lists of runs. */
  runListLagSeconds: number;
  /** Issues and pull requests share one count. */
  nextNumber(): number;
  nextId(): number;
  watchers: ((change: Change) => void)[];
}

export interface NewModel {
  now: () => number;
  files: ReadonlyMap<string, string>;
  permissions: ReadonlyMap<string, 'admin' | 'write' | 'read'>;
  owner: string;
  name: string;
  botLogin: string;
}

/** A repository with one commit on `main`. */
export function createModel({ now, files, permissions, owner, name, botLogin }: NewModel): Model {
  const git = createGit();
  const branches = createTable<string, Branch>(now);
  let number = 0;
  let id = 1000;
  const model: Model = {
    botLogin,
    repository: { owner, name },
    defaultBranch: 'main',
    now,
    git,
    branches,
    issues: createTable(now),
    pulls: createTable(now),
    comments: createTable(now),
    checks: createTable(now),
    runs: createTable(now),
    permissions,
    rule: null,
    runListLagSeconds: 0,
    nextNumber: () => ++number,
    nextId: () => ++id,
    watchers: [],
  };
  const first = { tree: git.writeTree(files), parents: [], message: 'First' };
  branches.set('main', { name: 'main', sha: git.writeCommit(first, timestamp(model)) });
  return model;
}

/** GitHub's times have whole seconds. */
export function timestamp(model: Model): string {
  return `${new Date(model.now()).toISOString().slice(0, 19)}Z`;
}

export function announce(model: Model, change: Change): void {
  for (const watch of model.watchers) watch(change);
}

export function tipOf(model: Model, branch: string): string | undefined {
  return model.branches.get(branch)?.sha;
}
