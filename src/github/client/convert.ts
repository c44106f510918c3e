/** Converts GitHub's responses to the port's types. */

import { fileOf, type RepositoryFile } from '../../protocol/repository-file.ts';
import type { CheckRun, Comment, Issue, Pull, WorkflowRun } from '../port.ts';
import type { Octokit } from './types.ts';

type Listed<T extends (...args: never[]) => Promise<{ data: readonly unknown[] }>> = Awaited<
  ReturnType<T>
>['data'][number];
type Rest = Octokit['rest'];

/** GitHub lists a folder, sends small files as Base64, and large ones without their content. */
export function toFile(data: Awaited<ReturnType<Rest['repos']['getContent']>>['data']): RepositoryFile {
  if (Array.isArray(data))
    return { kind: 'folder', files: data.flatMap(({ type, path }) => (type === 'file' ? [path] : [])) };
  if (data.type !== 'file') return { kind: 'other', what: `a ${data.type}` };
  if (!('encoding' in data) || data.encoding !== 'base64') return { kind: 'large', bytes: data.size };
  return fileOf(Buffer.from(data.content, 'base64'));
}

export function toIssue(
  data: Pick<
    Listed<Rest['issues']['listForRepo']>,
    'number' | 'state' | 'pull_request' | 'labels' | 'updated_at'
  >,
): Issue {
  return {
    number: data.number,
    open: data.state === 'open',
    isPull: data.pull_request !== undefined,
    labels: data.labels.flatMap(label => (typeof label === 'string' ? label : (label.name ?? []))),
    updatedAt: data.updated_at,
  };
}

export function toFirstComment(
  data: Pick<Listed<Rest['issues']['listForRepo']>, 'number' | 'user' | 'body' | 'created_at'>,
): Comment {
  return {
    id: -data.number,
    issue: data.number,
    author: data.user?.login ?? '',
    body: data.body ?? '',
    createdAt: data.created_at,
    updatedAt: data.created_at,
  };
}

export function toComment(data: Listed<Rest['issues']['listComments']>): Comment {
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
  | 'number'
  | 'state'
  | 'title'
  | 'body'
  | 'user'
  | 'merged_at'
  | 'merge_commit_sha'
  | 'created_at'
  | 'updated_at'
> & {
  head: { ref: string; sha: string; repo: { full_name: string } | null };
  base: { ref: string };
  labels: { name?: string }[];
};

export function toPull(data: PullData): Pull {
  const merged = data.merged_at !== null;
  return {
    number: data.number,
    state: merged ? 'merged' : data.state === 'open' ? 'open' : 'closed',
    title: data.title,
    body: data.body ?? '',
    author: data.user?.login ?? '',
    branch: data.head.ref,
    base: data.base.ref,
    headRepository: data.head.repo?.full_name ?? '',
    headSha: data.head.sha,
    labels: data.labels.flatMap(label => label.name ?? []),
    mergeCommit: merged ? data.merge_commit_sha : null,
    createdAt: data.created_at,
    updatedAt: data.updated_at,
  };
}

export function toCheck(data: Awaited<ReturnType<Rest['checks']['get']>>['data']): CheckRun | null {
  if (!data.external_id) return null;
  return {
    id: data.id,
    externalId: data.external_id,
    startedAt: data.started_at ?? '',
    completed: data.status === 'completed',
    text: data.output.text ?? '',
  };
}

export function toRun(data: Awaited<ReturnType<Rest['actions']['getWorkflowRun']>>['data']): WorkflowRun {
  return {
    id: data.id,
    title: data.display_title,
    actor: data.actor?.login ?? '',
    attempt: data.run_attempt ?? 1,
    headSha: data.head_sha,
    status:
      data.status === 'completed' ? 'completed' : data.status === 'in_progress' ? 'in_progress' : 'queued',
    conclusion: data.conclusion,
    createdAt: data.created_at,
    url: data.html_url,
  };
}
