/** Pull requests, in GitHub's form. */
import type { components } from '@octokit/openapi-types';
import type { FileDiff } from '../git/diff.ts';
import type { PullIssue, Repository } from '../state.ts';
import type { World } from '../world.ts';
import { nodeId, presentAccount } from './account.ts';
import { association, presentLabels } from './issue.ts';
import { apiUrl, htmlUrl, presentRepository } from './repository.ts';

type Schemas = components['schemas'];

/** What a list of pull requests holds of each. */
export function presentPullSimple(world: World, repository: Repository, issue: PullIssue) {
  const api = apiUrl(world, repository);
  const url = `${api}/pulls/${issue.number}`;
  const html = `${htmlUrl(world, repository)}/pull/${issue.number}`;
  const { pull } = issue;
  const owner = presentAccount(world, repository.owner);
  const repo = presentRepository(world, repository);
  const side = (ref: string, sha: string) => ({
    label: `${repository.owner}:${ref}`,
    ref,
    sha,
    user: owner,
    repo,
  });
  const links = {
    self: url,
    html,
    issue: `${api}/issues/${issue.number}`,
    comments: `${api}/issues/${issue.number}/comments`,
    review_comments: `${url}/comments`,
    review_comment: `${api}/pulls/comments{/number}`,
    commits: `${url}/commits`,
    statuses: `${api}/statuses/${pull.headSha}`,
  };
  return {
    id: pull.id,
    node_id: nodeId('PullRequest', pull.id),
    url,
    html_url: html,
    diff_url: `${html}.diff`,
    patch_url: `${html}.patch`,
    issue_url: links.issue,
    commits_url: links.commits,
    review_comments_url: links.review_comments,
    review_comment_url: links.review_comment,
    comments_url: links.comments,
    statuses_url: links.statuses,
    number: issue.number,
    state: issue.state,
    locked: false,
    active_lock_reason: null,
    title: issue.title,
    user: presentAccount(world, issue.user),
    body: issue.body,
    labels: presentLabels(world, repository, issue).map(label => ({
      ...label,
      description: label.description ?? '',
    })),
    milestone: null,
    created_at: issue.createdAt,
    updated_at: issue.updatedAt,
    closed_at: issue.closedAt,
    merged_at: pull.mergedAt,
    merge_commit_sha: pull.mergeCommitSha,
    assignee: null,
    assignees: [],
    requested_reviewers: [],
    requested_teams: [],
    draft: false,
    head: side(pull.head, pull.headSha),
    base: side(pull.base, pull.baseSha),
    author_association: association(world, repository, issue.user),
    auto_merge: null,
    _links: Object.fromEntries(
      Object.entries(links).map(([name, href]) => [name, { href }]),
    ) as Schemas['pull-request-simple']['_links'],
  } satisfies Schemas['pull-request-simple'];
}

/** What git says about a pull request. `mergeable` is null while GitHub has not computed it. */
export interface PullFacts {
  commits: number;
  files: readonly FileDiff[];
  mergeable: boolean | null;
  blocked: boolean;
}

export function presentPull(world: World, repository: Repository, issue: PullIssue, facts: PullFacts) {
  const { pull } = issue;
  const sum = (count: (file: FileDiff) => number) =>
    facts.files.reduce((total, file) => total + count(file), 0);
  return {
    ...presentPullSimple(world, repository, issue),
    merged: pull.mergedAt !== null,
    merged_by: pull.mergedBy === null ? null : presentAccount(world, pull.mergedBy),
    mergeable: issue.state === 'open' ? facts.mergeable : null,
    rebaseable: false,
    mergeable_state: mergeableState(issue, facts),
    comments: repository.comments.filter(comment => comment.number === issue.number).length,
    review_comments: 0,
    maintainer_can_modify: false,
    commits: facts.commits,
    additions: sum(file => file.additions),
    deletions: sum(file => file.deletions),
    changed_files: facts.files.length,
  } satisfies Schemas['pull-request'];
}

function mergeableState(issue: PullIssue, facts: PullFacts): string {
  if (issue.state === 'closed' || facts.mergeable === null) return 'unknown';
  if (!facts.mergeable) return 'dirty';
  return facts.blocked ? 'blocked' : 'clean';
}
