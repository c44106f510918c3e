/** The port over a real Octokit client of one installation. */
import { strFromU8, unzipSync } from 'fflate';
import type { ProbotOctokit } from 'probot';
import type { CheckRun, Comment, Commit, GitHubPort, Issue, Pull, Repository, WorkflowRun } from './port.ts';

export type Octokit = InstanceType<typeof ProbotOctokit>;

/**
 * Writes are never retried by the client: a 502 may hide a write that took effect. The controller looks again instead,
 * and does what is still missing.
 */
const ONCE = { request: { retries: 0 } } as const;

/** @param botLogin login of the App's user, `<slug>[bot]` */
export function octokitPort(octokit: Octokit, repository: Repository, botLogin: string): GitHubPort {
  const repo = { owner: repository.owner, repo: repository.name };
  return {
    repository,
    botLogin,
    ...reads(octokit, repo, repository, botLogin),
    ...gitWrites(octokit, repo),
    ...issueWrites(octokit, repo),
    ...actionWrites(octokit, repo),
  };
}

type Repo = { owner: string; repo: string };

function reads(octokit: Octokit, repo: Repo, repository: Repository, botLogin: string) {
  const rest = octokit.rest;
  return {
    about: async () => {
      const { data } = await rest.repos.get(repo);
      return { isPublic: !data.private, defaultBranch: data.default_branch };
    },
    commit: (ref: string) =>
      orNull(async (): Promise<Commit> => {
        const { data } = await rest.repos.getCommit({ ...repo, ref });
        return { sha: data.sha, tree: data.commit.tree.sha, parents: data.parents.map(parent => parent.sha) };
      }, NO_SUCH_COMMIT),
    file: (path: string, ref: string) =>
      orNull(async () => {
        const { data } = await rest.repos.getContent({ ...repo, path, ref, mediaType: { format: 'raw' } });
        return String(data);
      }),
    workflowFiles: async (ref: string) => {
      const listed = await orNull(() => rest.repos.getContent({ ...repo, path: '.github/workflows', ref }));
      const entries = Array.isArray(listed?.data) ? listed.data : [];
      return entries.filter(entry => /\.ya?ml$/.test(entry.name)).map(entry => entry.path);
    },
    baseObstacles: (branch: string) => baseObstacles(octokit, repo, branch),
    branches: async (prefix: string) => {
      const refs = await octokit.paginate(rest.git.listMatchingRefs, {
        ...repo,
        ref: `heads/${prefix}`,
        per_page: 100,
      });
      return new Map(refs.map(ref => [ref.ref.replace('refs/heads/', ''), ref.object.sha]));
    },
    issue: (number: number) =>
      orNull(async () => toIssue((await rest.issues.get({ ...repo, issue_number: number })).data)),
    openIssues: async (label: string) => {
      const found = await octokit.paginate(rest.issues.listForRepo, {
        ...repo,
        labels: label,
        state: 'open',
        per_page: 100,
      });
      return found.map(toIssue);
    },
    comments: async (issue: number) => {
      const found = await octokit.paginate(rest.issues.listComments, {
        ...repo,
        issue_number: issue,
        per_page: 100,
      });
      return found.map(toComment);
    },
    comment: (id: number) =>
      orNull(async () => toComment((await rest.issues.getComment({ ...repo, comment_id: id })).data)),
    commentsSince: async (since: Date) => {
      const found = await octokit.paginate(rest.issues.listCommentsForRepo, {
        ...repo,
        since: since.toISOString(),
        sort: 'created',
        direction: 'asc',
        per_page: 100,
      });
      return found.map(toComment);
    },
    pullsSince: (since: string | null) => pullsSince(octokit, repo, since),
    openPullOf: async (branch: string) => {
      const head = `${repository.owner}:${branch}`;
      const { data } = await rest.pulls.list({ ...repo, state: 'open', head });
      return data[0] ? toPull(data[0]) : null;
    },
    pull: async (number: number) => toPull((await rest.pulls.get({ ...repo, pull_number: number })).data),
    checks: async (sha: string) => {
      const found = await octokit.paginate(rest.checks.listForRef, {
        ...repo,
        ref: sha,
        filter: 'all',
        per_page: 100,
      });
      const own = found.filter(check => `${check.app?.slug}[bot]` === botLogin);
      return own.map(toCheck).filter(check => check !== null);
    },
    runs: async (workflow: string) => {
      const { data } = await rest.actions.listWorkflowRuns({
        ...repo,
        workflow_id: workflow,
        event: 'workflow_dispatch',
        per_page: 100,
      });
      return data.workflow_runs.map(toRun);
    },
    artifact: (runId: number, name: string, file: string) => artifact(octokit, repo, runId, name, file),
    permission: async (username: string) => {
      const found = await orNull(() => rest.repos.getCollaboratorPermissionLevel({ ...repo, username }));
      const level = found?.data.permission;
      return level === 'admin' || level === 'write' || level === 'read' ? level : 'none';
    },
  };
}

function gitWrites(octokit: Octokit, repo: Repo) {
  const { git, pulls } = octokit.rest;
  return {
    createTree: async (base: string | null, files: ReadonlyMap<string, string>) => {
      const tree = [...files].map(([path, content]) => ({
        path,
        content,
        mode: '100644' as const,
        type: 'blob' as const,
      }));
      const onto = base === null ? {} : { base_tree: base };
      return (await git.createTree({ ...repo, ...onto, tree, ...ONCE })).data.sha;
    },
    createCommit: async (message: string, tree: string, parent: string | null) => {
      const parents = parent === null ? [] : [parent];
      return (await git.createCommit({ ...repo, message, tree, parents, ...ONCE })).data.sha;
    },
    createBranch: async (name: string, sha: string) => {
      await git.createRef({ ...repo, ref: `refs/heads/${name}`, sha, ...ONCE });
    },
    moveBranch: async (name: string, sha: string) => {
      await git.updateRef({ ...repo, ref: `heads/${name}`, sha, force: true, ...ONCE });
    },
    deleteBranch: async (name: string) => {
      await unlessStatus([404, 422], () => git.deleteRef({ ...repo, ref: `heads/${name}`, ...ONCE }));
    },
    createPull: async (pull: { title: string; body: string; branch: string; base: string }) => {
      const { title, body, branch, base } = pull;
      return (await pulls.create({ ...repo, title, body, head: branch, base, ...ONCE })).data.number;
    },
    updatePull: async (number: number, change: { title?: string; body?: string; state?: 'closed' }) => {
      await pulls.update({ ...repo, pull_number: number, ...change, ...ONCE });
    },
    merge: async (number: number, options: { sha: string; title: string; message: string }) => {
      try {
        const { data } = await pulls.merge({
          ...repo,
          pull_number: number,
          sha: options.sha,
          merge_method: 'squash',
          commit_title: options.title,
          commit_message: options.message,
          ...ONCE,
        });
        return { kind: 'merged' as const, sha: data.sha };
      } catch (error) {
        const status = statusOf(error);
        const message = error instanceof Error ? error.message : String(error);
        if (status === 409 || (status === 405 && /base branch was modified/i.test(message)))
          return { kind: 'moved' as const };
        if (status === 405 || status === 403 || status === 422) return { kind: 'refused' as const, message };
        throw error;
      }
    },
  };
}

function issueWrites(octokit: Octokit, repo: Repo) {
  const { issues, reactions } = octokit.rest;
  return {
    addLabel: async (issue: number, label: string) => {
      await issues.addLabels({ ...repo, issue_number: issue, labels: [label], ...ONCE });
    },
    createComment: async (issue: number, body: string) =>
      toComment((await issues.createComment({ ...repo, issue_number: issue, body, ...ONCE })).data),
    updateComment: async (id: number, body: string) => {
      await issues.updateComment({ ...repo, comment_id: id, body, ...ONCE });
    },
    react: async (comment: number, content: 'eyes' | 'rocket' | 'confused') => {
      await unlessStatus([404], () =>
        reactions.createForIssueComment({ ...repo, comment_id: comment, content, ...ONCE }),
      );
    },
  };
}

type CheckText = { title: string; summary: string; text: string };

function actionWrites(octokit: Octokit, repo: Repo) {
  const { checks, actions } = octokit.rest;
  return {
    createCheck: async (sha: string, externalId: string, startedAt: Date, output: CheckText) => {
      const { data } = await checks.create({
        ...repo,
        name: `trial ${externalId}`,
        head_sha: sha,
        external_id: externalId,
        status: 'in_progress',
        started_at: startedAt.toISOString(),
        output,
        ...ONCE,
      });
      return data.id;
    },
    restartCheck: async (id: number, startedAt: Date) => {
      const started_at = startedAt.toISOString();
      await checks.update({ ...repo, check_run_id: id, status: 'in_progress', started_at, ...ONCE });
    },
    completeCheck: async (
      id: number,
      conclusion: 'success' | 'failure' | 'neutral',
      url: string | null,
      output: CheckText,
    ) => {
      const details = url === null ? {} : { details_url: url };
      await checks.update({
        ...repo,
        check_run_id: id,
        status: 'completed',
        conclusion,
        output,
        ...details,
        ...ONCE,
      });
    },
    dispatch: async (workflow: string, ref: string, inputs: Record<string, string>) => {
      await actions.createWorkflowDispatch({ ...repo, workflow_id: workflow, ref, inputs, ...ONCE });
    },
    cancelRun: async (id: number) => {
      // 409: it has just ended by itself.
      await unlessStatus([404, 409], () => actions.cancelWorkflowRun({ ...repo, run_id: id, ...ONCE }));
    },
  };
}

async function pullsSince(octokit: Octokit, repo: Repo, since: string | null): Promise<Pull[]> {
  const found: Pull[] = [];
  const pages = octokit.paginate.iterator(octokit.rest.pulls.list, {
    ...repo,
    state: 'all',
    sort: 'updated',
    direction: 'desc',
    per_page: 100,
  });
  for await (const { data } of pages) {
    for (const pull of data) {
      if (since !== null && pull.updated_at < since) return found;
      found.push(toPull(pull));
    }
  }
  return found;
}

/** Rules that the App cannot satisfy; a repository that hides its protection from the App counts as having none. */
async function baseObstacles(octokit: Octokit, repo: Repo, branch: string): Promise<string[]> {
  const obstacles = new Set<string>();
  const rules = await orNull(() => octokit.rest.repos.getBranchRules({ ...repo, branch }));
  for (const rule of rules?.data ?? []) {
    if (rule.type === 'required_status_checks') obstacles.add('required status checks');
    if (rule.type === 'pull_request' && (rule.parameters?.required_approving_review_count ?? 0) > 0)
      obstacles.add('required reviews');
    if (rule.type === 'update') obstacles.add('a rule that restricts updates');
  }
  const found = await orNull(() => octokit.rest.repos.getBranch({ ...repo, branch }));
  const required = found?.data.protection?.required_status_checks;
  if ((required?.contexts?.length ?? 0) > 0) obstacles.add('required status checks');
  return [...obstacles];
}

async function artifact(
  octokit: Octokit,
  repo: Repo,
  runId: number,
  name: string,
  file: string,
): Promise<string | null> {
  const { data } = await octokit.rest.actions.listWorkflowRunArtifacts({ ...repo, run_id: runId, name });
  const found = data.artifacts.find(artifact => artifact.name === name && !artifact.expired);
  if (!found) return null;
  const archive = await octokit.rest.actions.downloadArtifact({
    ...repo,
    artifact_id: found.id,
    archive_format: 'zip',
  });
  const bytes = new Uint8Array(archive.data as ArrayBuffer);
  const files = unzipSync(bytes, { filter: entry => entry.name === file && entry.originalSize < 1_000_000 });
  const text = files[file];
  return text ? strFromU8(text) : null;
}

type Listed<T extends (...args: never[]) => Promise<{ data: readonly unknown[] }>> = Awaited<
  ReturnType<T>
>['data'][number];
type Rest = Octokit['rest'];

function toIssue(
  data: Pick<Listed<Rest['issues']['listForRepo']>, 'number' | 'state' | 'pull_request'>,
): Issue {
  return { number: data.number, open: data.state === 'open', isPull: data.pull_request !== undefined };
}

function toComment(data: Listed<Rest['issues']['listComments']>): Comment {
  return {
    id: data.id,
    issue: Number(data.issue_url.split('/').at(-1)),
    author: data.user?.login ?? '',
    body: data.body ?? '',
    createdAt: data.created_at,
    updatedAt: data.updated_at,
  };
}

type PullData = Pick<
  Listed<Rest['pulls']['list']>,
  'number' | 'state' | 'title' | 'body' | 'user' | 'merged_at' | 'merge_commit_sha' | 'updated_at'
> & {
  head: { ref: string; sha: string; repo: { full_name: string } | null };
  labels: { name?: string }[];
};

function toPull(data: PullData): Pull {
  const merged = data.merged_at !== null;
  return {
    number: data.number,
    state: merged ? 'merged' : data.state === 'open' ? 'open' : 'closed',
    title: data.title,
    body: data.body ?? '',
    author: data.user?.login ?? '',
    branch: data.head.ref,
    headRepository: data.head.repo?.full_name ?? '',
    headSha: data.head.sha,
    labels: data.labels.flatMap(label => label.name ?? []),
    mergeCommit: merged ? data.merge_commit_sha : null,
    updatedAt: data.updated_at,
  };
}

function toCheck(data: Awaited<ReturnType<Rest['checks']['get']>>['data']): CheckRun | null {
  if (!data.external_id) return null;
  return {
    id: data.id,
    externalId: data.external_id,
    startedAt: data.started_at ?? '',
    completed: data.status === 'completed',
    text: data.output.text ?? '',
  };
}

function toRun(data: Awaited<ReturnType<Rest['actions']['getWorkflowRun']>>['data']): WorkflowRun {
  return {
    id: data.id,
    title: data.display_title,
    actor: data.actor?.login ?? '',
    status:
      data.status === 'completed' ? 'completed' : data.status === 'in_progress' ? 'in_progress' : 'queued',
    conclusion: data.conclusion,
    createdAt: data.created_at,
    url: data.html_url,
  };
}

/** HTTP status of a failed request; undefined for any other error. */
export function statusOf(error: unknown): number | undefined {
  return typeof error === 'object' && error !== null && 'status' in error && typeof error.status === 'number'
    ? error.status
    : undefined;
}

/** GitHub answers 422 for a commit it does not know, and 409 in an empty repository. */
const NO_SUCH_COMMIT = [404, 409, 422];

async function orNull<T>(read: () => Promise<T>, absent: readonly number[] = [404]): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (absent.includes(statusOf(error) ?? 0)) return null;
    throw error;
  }
}

async function unlessStatus(statuses: readonly number[], write: () => Promise<unknown>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (!statuses.includes(statusOf(error) ?? 0)) throw error;
  }
}
