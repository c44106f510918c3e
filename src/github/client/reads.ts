/** The reading half of the port. */
import { strFromU8, unzipSync } from 'fflate';
import { HIDDEN, NO_SUCH_COMMIT, orNull, statusOf } from '../errors.ts';
import type { Comment, Commit, Pull, Repository, RunJob } from '../port.ts';
import { toCheck, toComment, toFile, toFirstComment, toIssue, toPull, toRun } from './convert.ts';
import type { Octokit, Repo } from './types.ts';

const SHA = /^[0-9a-f]{40}$/;

export function reads(octokit: Octokit, repo: Repo, repository: Repository, botLogin: string) {
  const rest = octokit.rest;
  return {
    about: async () => {
      const { data } = await rest.repos.get(repo);
      // GitHub leaves the setting out where it hides it from the App.
      const squashes = data.allow_squash_merge !== false;
      return { url: data.html_url, isPublic: !data.private, defaultBranch: data.default_branch, squashes };
    },
    commit: async (ref: string): Promise<Commit | null> => {
      const found = SHA.test(ref)
        ? await orNull(() => rest.git.getCommit({ ...repo, commit_sha: ref }), NO_SUCH_COMMIT)
        : await orNull(() => rest.repos.getBranch({ ...repo, branch: ref }), NO_SUCH_COMMIT);
      if (!found) return null;
      const { data } = found;
      const { tree, message } = 'commit' in data ? data.commit.commit : data;
      const { sha, parents } = 'commit' in data ? data.commit : data;
      return { sha, tree: tree.sha, parents: parents.map(parent => parent.sha), message };
    },
    file: (path: string, ref: string) =>
      orNull(async () => {
        const { data } = await rest.repos.getContent({ ...repo, path, ref, mediaType: { format: 'raw' } });
        // For a folder GitHub lists its contents.
        return typeof data === 'string' ? data : null;
      }),
    look: (path: string, ref: string) =>
      orNull(async () => toFile((await rest.repos.getContent({ ...repo, path, ref })).data)),
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
    findComment: async (issue: number, isWanted: (comment: Comment) => boolean) => {
      const wanted = { ...repo, issue_number: issue, per_page: 100 };
      for await (const { data } of octokit.paginate.iterator(rest.issues.listComments, wanted)) {
        const found = data.map(toComment).find(isWanted);
        if (found) return found;
      }
      return null;
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
    issuesSince: (since: Date) => issuesSince(octokit, repo, since),
    pullsSince: (since: string | null) => pullsSince(octokit, repo, since),
    openPullOf: async (branch: string) => {
      const head = `${repository.owner}:${branch}`;
      const { data } = await rest.pulls.list({ ...repo, state: 'open', head });
      return data[0] ? toPull(data[0]) : null;
    },
    pull: async (number: number) => toPull((await rest.pulls.get({ ...repo, pull_number: number })).data),
    mergeable: async (number: number) =>
      (await rest.pulls.get({ ...repo, pull_number: number })).data.mergeable,
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
      const wanted = { ...repo, workflow_id: workflow, event: 'workflow_dispatch', per_page: 100 };
      // A missing workflow counts as one without runs; the dispatch then reports the error.
      const found = await orNull(() => rest.actions.listWorkflowRuns(wanted));
      return found?.data.workflow_runs.map(toRun) ?? [];
    },
    artifact: (runId: number, name: string, file: string) => artifact(octokit, repo, runId, name, file),
    job: (runId: number) => job(octokit, repo, runId),
    runners: async () => {
      const found = await rest.actions
        .listSelfHostedRunnersForRepo({ ...repo, per_page: 100 })
        .catch(error => forbidden(error));
      const online = found?.data.runners.filter(({ status }) => status === 'online');
      return online?.map(({ labels }) => labels.map(({ name }) => name)) ?? null;
    },
    permission: async (username: string) => {
      const found = await orNull(() => rest.repos.getCollaboratorPermissionLevel({ ...repo, username }));
      const level = found?.data.permission;
      return level === 'admin' || level === 'write' || level === 'read' ? level : 'none';
    },
  };
}

/** Page size where only changes are needed: a page of a hundred pull requests takes megabytes. */
const CHANGES_PER_PAGE = 20;

async function issuesSince(octokit: Octokit, repo: Repo, since: Date): Promise<Comment[]> {
  const found: Comment[] = [];
  const pages = octokit.paginate.iterator(octokit.rest.issues.listForRepo, {
    ...repo,
    // This is about the latest change, so that older ones are among them.
    since: since.toISOString(),
    state: 'all',
    sort: 'created',
    direction: 'desc',
    per_page: 100,
  });
  for await (const { data } of pages) {
    for (const issue of data) {
      if (Date.parse(issue.created_at) < since.getTime()) return found.reverse();
      if (!issue.pull_request) found.push(toFirstComment(issue));
    }
  }
  return found.reverse();
}

async function pullsSince(octokit: Octokit, repo: Repo, since: string | null): Promise<Pull[]> {
  const found: Pull[] = [];
  const pages = octokit.paginate.iterator(octokit.rest.pulls.list, {
    ...repo,
    state: 'all',
    sort: 'updated',
    direction: 'desc',
    per_page: since === null ? 100 : CHANGES_PER_PAGE,
  });
  for await (const { data } of pages) {
    for (const pull of data) {
      if (since !== null && pull.updated_at < since) return found;
      found.push(toPull(pull));
    }
  }
  return found;
}

/** Rules that the App cannot satisfy. If the repository hides its protection from the App, it counts as having none. */
async function baseObstacles(octokit: Octokit, repo: Repo, branch: string): Promise<string[]> {
  const obstacles = new Set<string>();
  const rules = await orNull(() => octokit.rest.repos.getBranchRules({ ...repo, branch }), HIDDEN);
  for (const rule of rules?.data ?? []) {
    if (rule.type === 'required_status_checks') obstacles.add('required status checks');
    if (rule.type === 'pull_request' && (rule.parameters?.required_approving_review_count ?? 0) > 0)
      obstacles.add('required reviews');
    if (rule.type === 'merge_queue') obstacles.add('a merge queue');
    if (rule.type === 'update') obstacles.add('a rule that restricts updates');
    // The default branch exists already; a campaign's own has to be created.
    if (rule.type === 'creation' && branch.startsWith('research/'))
      obstacles.add('a rule that restricts creations');
  }
  const found = await orNull(() => octokit.rest.repos.getBranch({ ...repo, branch }), HIDDEN);
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
  const wanted = { ...repo, run_id: runId, name, per_page: 100 };
  const { data } = await octokit.rest.actions.listWorkflowRunArtifacts(wanted);
  // A re-run adds another artifact of that name. The first one counts.
  const [found] = data.artifacts.filter(artifact => artifact.name === name).sort((a, b) => a.id - b.id);
  if (!found || found.expired) return null;
  const archive = await octokit.rest.actions.downloadArtifact({
    ...repo,
    artifact_id: found.id,
    archive_format: 'zip',
  });
  const text = unzip(new Uint8Array(archive.data as ArrayBuffer), file);
  return text ? strFromU8(text) : null;
}

async function job(octokit: Octokit, repo: Repo, runId: number): Promise<RunJob | null> {
  const { data } = await octokit.rest.actions.listJobsForWorkflowRun({ ...repo, run_id: runId });
  const found = data.jobs.find(({ conclusion }) => conclusion === 'failure') ?? data.jobs[0];
  if (!found) return null;
  if (found.conclusion !== 'failure') return { labels: found.labels, failure: null };
  const check = Number(found.check_run_url.split('/').at(-1));
  const { data: notes } = await octokit.rest.checks.listAnnotations({ ...repo, check_run_id: check });
  const errors = notes.filter(({ annotation_level: level }) => level === 'failure');
  // The last words of a step that ran a program say only that it failed.
  const words = errors.find(({ message }) => !/^Process completed with /.test(message ?? ''))?.message;
  const step = found.steps?.find(({ conclusion }) => conclusion === 'failure')?.name;
  const place = step === undefined ? '' : `step "${step}"`;
  return { labels: found.labels, failure: [place, words].filter(Boolean).join(': ') || null };
}

/** Null if the App lacks a permission; otherwise throws the error. */
function forbidden(error: unknown): null {
  const status = statusOf(error);
  if (status !== 403 && status !== 404) throw error;
  return null;
}

/** One file of an archive; undefined if it is missing or the archive is unreadable. The trial then counts as a machine fault and is repeated. */
function unzip(bytes: Uint8Array, file: string): Uint8Array | undefined {
  try {
    return unzipSync(bytes, { filter: entry => entry.name === file && entry.originalSize < 1_000_000 })[file];
  } catch {
    return undefined;
  }
}
