/** What the controller needs of GitHub: a narrow view, so that a simulator can stand in for it. */

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

export interface Comment {
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
  /** Branch that it is to be merged into. */
  base: string;
  /** `owner/name` of the head; an experiment's is the repository itself. */
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
  /** 1, and more where people ran it again. */
  attempt: number;
  /** Tip of the branch when it was dispatched. */
  headSha: string;
  status: 'queued' | 'in_progress' | 'completed';
  conclusion: string | null;
  createdAt: string;
  url: string;
}

interface CheckRunText {
  title: string;
  summary: string;
  text: string;
}

/** Why a merge was refused: the base moves or just moved (transient), or a rule of the repository says no. */
export type MergeResult =
  | { kind: 'merged'; sha: string }
  | { kind: 'moved' }
  | { kind: 'refused'; message: string };

export interface GitHubPort {
  readonly repository: Repository;
  /** The App's login, `<slug>[bot]`. */
  readonly botLogin: string;

  /** `squashes`: pull requests may be merged by squashing. */
  about(): Promise<{ isPublic: boolean; defaultBranch: string; squashes: boolean }>;
  /** By branch or full id; null where there is no such branch or commit. */
  commit(ref: string): Promise<Commit | null>;
  /** Text of a file at a ref; null where there is none. */
  file(path: string, ref: string): Promise<string | null>;
  /** Names of the workflow files at a ref. */
  workflowFiles(ref: string): Promise<string[]>;
  /** Why the base branch would refuse the App's merges; empty where it would not. */
  baseObstacles(branch: string): Promise<string[]>;
  /** Branches whose name begins with `prefix`: name to commit. */
  branches(prefix: string): Promise<Map<string, string>>;
  issue(number: number): Promise<Issue | null>;
  openIssues(label: string): Promise<Issue[]>;
  comments(issue: number): Promise<Comment[]>;
  comment(id: number): Promise<Comment | null>;
  /** Comments on any issue, edited since `since`, oldest first. */
  commentsSince(since: Date): Promise<Comment[]>;
  /** Pull requests from newest to oldest edit, down to those not edited since `since` (null: all). */
  pullsSince(since: string | null): Promise<Pull[]>;
  openPullOf(branch: string): Promise<Pull | null>;
  pull(number: number): Promise<Pull>;
  /** Whether an open pull request could be merged as it is; null while GitHub does not know. */
  mergeable(pull: number): Promise<boolean | null>;
  /** The App's own check runs on a commit. */
  checks(sha: string): Promise<CheckRun[]>;
  /** The newest runs of a workflow, at most 100. */
  runs(workflow: string): Promise<WorkflowRun[]>;
  /** Text of a file in a run's artifact, the oldest of that name; null where there is none. */
  artifact(runId: number, name: string, file: string): Promise<string | null>;
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
  /** Deletes a comment of the App's own; one that is gone already stays so. */
  deleteComment(id: number): Promise<void>;
  react(comment: number, reaction: 'eyes' | 'rocket' | 'confused'): Promise<void>;
  createCheck(sha: string, externalId: string, startedAt: Date, text: CheckRunText): Promise<number>;
  /** Begins a check run again at `startedAt`; it is not completed any more. */
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
