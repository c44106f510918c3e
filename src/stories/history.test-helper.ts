/** Everything that happened in a repository, read back through REST and git alone. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Octokit } from '@octokit/rest';
import { type ExperimentMarker, experimentMarkerSchema } from '../campaign/marker.ts';
import { readMarker } from '../github/marker.ts';

export interface Comment {
  id: number;
  author: string;
  body: string;
}

interface PullRequest {
  number: number;
  title: string;
  state: 'open' | 'closed' | 'merged';
  labels: string[];
  comments: Comment[];
  marker: ExperimentMarker;
  headTree: string;
  mergeCommit: string | null;
}

interface MainCommit {
  sha: string;
  tree: string;
  subject: string;
  /** As `git interpret-trailers --parse` reads them. */
  trailers: Record<string, string>;
}

export interface History {
  /** In the order of their numbers. */
  pulls: PullRequest[];
  issue: Comment[];
  /** Of the App, sorted by trial. */
  checks: { trial: string; status: string; conclusion: string | null; headSha: string }[];
  /** Titles of the workflow runs, sorted: the trials that were dispatched. */
  runs: string[];
  /** First parents, oldest first. */
  main: MainCommit[];
  branches: string[];
}

interface Source {
  alice: Octokit;
  repo: { owner: string; repo: string };
  comments(issue: number): Promise<Comment[]>;
  /** Runs git in a fresh clone. */
  git(...args: string[]): Promise<string>;
}

/** The history of the campaign on `issue`. */
export async function readHistory(source: Source, issue: number): Promise<History> {
  const { alice, repo, comments, git } = source;
  const pulls = await readPulls(source);
  const main = await readMain(git);
  const heads = pulls.flatMap(({ marker }) => [marker.commit, ...(marker.previous ? [marker.previous] : [])]);
  const branches = await alice.paginate(alice.rest.repos.listBranches, { ...repo, per_page: 100 });
  const runs = await alice.paginate(alice.rest.actions.listWorkflowRunsForRepo, { ...repo, per_page: 100 });
  return {
    pulls,
    issue: await comments(issue),
    checks: await readChecks(source, [...heads, ...main.map(({ sha }) => sha)]),
    runs: runs.map(run => run.display_title).sort(),
    main,
    branches: branches.map(({ name }) => name),
  };
}

/**
 * What two histories of the same campaign have in common however often the App was interrupted: everything that people
 * see but commit ids, times, and what lost proposals cost.
 */
export function outcome(history: History) {
  const told = ({ author, body }: Comment) => `${author}: ${body.split('\n')[0]}`;
  return {
    pulls: history.pulls.map(({ number, title, state, labels, comments, headTree, marker }) => ({
      number,
      title,
      state,
      labels,
      comments: comments.map(told),
      tree: headTree,
      trials: marker.trials.map(({ trial, seed, outcome: { status } }) => `${trial} ${seed} ${status}`),
      verdict: marker.verdict,
    })),
    // How long a runner takes is this machine's.
    issue: history.issue.filter(({ body }) => !body.startsWith('No runner has picked up')).map(told),
    checks: history.checks.map(({ trial, status, conclusion }) => `${trial} ${status} ${conclusion}`),
    runs: history.runs,
    main: history.main.map(({ tree, subject, trailers }) => ({ tree, subject, trailers })),
    branches: history.branches,
  };
}

async function readPulls({ alice, repo, comments }: Source): Promise<PullRequest[]> {
  const listed = await alice.paginate(alice.rest.pulls.list, {
    ...repo,
    state: 'all',
    sort: 'created',
    direction: 'asc',
    per_page: 100,
  });
  return Promise.all(
    listed.map(async pull => {
      const marker = readMarker('experiment', pull.body, experimentMarkerSchema);
      if (!marker) throw new Error(`Expected a readable marker in #${pull.number}, found none: ${pull.body}`);
      const head = await alice.rest.git.getCommit({ ...repo, commit_sha: pull.head.sha });
      return {
        number: pull.number,
        title: pull.title,
        state: pull.merged_at
          ? ('merged' as const)
          : pull.state === 'open'
            ? ('open' as const)
            : ('closed' as const),
        labels: pull.labels.map(label => label.name),
        comments: await comments(pull.number),
        marker,
        headTree: head.data.tree.sha,
        mergeCommit: pull.merged_at ? pull.merge_commit_sha : null,
      };
    }),
  );
}

async function readChecks({ alice, repo }: Source, shas: string[]): Promise<History['checks']> {
  const checks: History['checks'] = [];
  for (const ref of new Set(shas)) {
    const found = await alice.paginate(alice.rest.checks.listForRef, {
      ...repo,
      ref,
      filter: 'all',
      per_page: 100,
    });
    for (const { external_id, status, conclusion, app } of found)
      if (app?.slug === 'autoresearch-bot')
        checks.push({ trial: external_id ?? '', status, conclusion, headSha: ref });
  }
  return checks.sort((a, b) => a.trial.localeCompare(b.trial));
}

async function readMain(git: Source['git']): Promise<MainCommit[]> {
  const log = await git('log', '--first-parent', '--reverse', '--format=%H %T %s', 'main');
  return Promise.all(
    log.split('\n').map(async line => {
      const [sha = '', tree = '', ...subject] = line.split(' ');
      const parsed = await interpretTrailers(await git('show', '--no-patch', '--format=%B', sha));
      return { sha, tree, subject: subject.join(' '), trailers: parsed };
    }),
  );
}

async function interpretTrailers(message: string): Promise<Record<string, string>> {
  const run = promisify(execFile)('git', ['interpret-trailers', '--parse']);
  run.child.stdin?.end(message);
  const lines = (await run).stdout.split('\n').filter(line => line !== '');
  return Object.fromEntries(lines.map(line => line.split(': ') as [string, string]));
}
