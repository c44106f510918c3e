/** Issues, pull requests and comments. */
import type { Comment } from '../../github/port.ts';
import { invalid, notFound } from './refusal.ts';
import { announce, type IssueRecord, type Model, type PullRecord, timestamp, tipOf } from './state.ts';

const MAX_BODY = 65_536;
const MAX_TITLE = 256;

export function openIssue(model: Model, actor: string, body = ''): number {
  const number = model.nextNumber();
  const time = timestamp(model);
  const own = { author: actor, body, createdAt: time };
  const issue: IssueRecord = { number, open: true, isPull: false, labels: [], updatedAt: time, ...own };
  model.issues.set(number, issue);
  announce(model, { table: 'issues', actor, before: undefined, after: issue });
  return number;
}

export function changeIssue(
  model: Model,
  actor: string,
  number: number,
  change: Partial<Pick<IssueRecord, 'open' | 'labels'>>,
): void {
  const before = model.issues.get(number);
  if (!before) throw notFound();
  const after = { ...before, ...change, updatedAt: timestamp(model) };
  model.issues.set(number, after);
  announce(model, { table: 'issues', actor, before, after });
}

export function addLabel(model: Model, actor: string, number: number, label: string): void {
  const found = model.issues.get(number) ?? model.pulls.get(number);
  if (!found) throw notFound();
  if (found.labels.includes(label)) return;
  const labels = [...found.labels, label];
  if (model.issues.get(number)) changeIssue(model, actor, number, { labels });
  else changePull(model, actor, number, { labels });
}

/** Throws 422 as GitHub does: unknown branches, an open twin, nothing to merge, a text that is too long. */
export function openPull(
  model: Model,
  actor: string,
  { title, body, branch, base }: { title: string; body: string; branch: string; base: string },
): number {
  const [headSha, baseSha] = [tipOf(model, branch), tipOf(model, base)];
  if (headSha === undefined || baseSha === undefined) throw invalid('head or base');
  const twin = model.pulls
    .values()
    .some(pull => pull.state === 'open' && pull.branch === branch && pull.base === base);
  if (twin) throw invalid(`A pull request already exists for ${model.repository.owner}:${branch}.`);
  if (model.git.isAncestor(headSha, baseSha)) throw invalid(`No commits between ${base} and ${branch}`);
  checkTexts(title, body);
  const number = model.nextNumber();
  const time = timestamp(model);
  const pull: PullRecord = {
    number,
    state: 'open',
    title,
    body,
    author: actor,
    branch,
    base,
    headRepository: `${model.repository.owner}/${model.repository.name}`,
    headSha,
    labels: [],
    mergeCommit: null,
    createdAt: time,
    updatedAt: time,
    mergeability: 'known',
  };
  model.pulls.set(number, pull);
  announce(model, { table: 'pulls', actor, before: undefined, after: pull });
  return number;
}

export function pullOf(model: Model, number: number): PullRecord {
  const pull = model.pulls.get(number);
  if (!pull) throw notFound();
  return pull;
}

/** Throws 404, and 422 for a text that is too long. */
export function changePull(model: Model, actor: string, number: number, change: Partial<PullRecord>): void {
  const before = pullOf(model, number);
  const after = { ...before, ...change, updatedAt: timestamp(model) };
  // What is merged stays merged.
  if (before.state === 'merged') after.state = 'merged';
  checkTexts(after.title, after.body);
  model.pulls.set(number, after);
  announce(model, { table: 'pulls', actor, before, after });
}

/** Throws 404 where there is no such issue, and 422 for a text that is too long. */
export function addComment(model: Model, actor: string, issue: number, body: string): Comment {
  if (!model.issues.get(issue) && !model.pulls.get(issue)) throw notFound();
  checkTexts('', body);
  const time = timestamp(model);
  const comment: Comment = {
    id: model.nextId(),
    issue,
    author: actor,
    body,
    createdAt: time,
    updatedAt: time,
  };
  model.comments.set(comment.id, comment);
  touch(model, issue);
  announce(model, { table: 'comments', actor, before: undefined, after: comment });
  return comment;
}

export function editComment(model: Model, actor: string, id: number, body: string): void {
  const before = model.comments.get(id);
  if (!before) throw notFound();
  checkTexts('', body);
  const after = { ...before, body, updatedAt: timestamp(model) };
  model.comments.set(id, after);
  touch(model, before.issue);
  announce(model, { table: 'comments', actor, before, after });
}

export function deleteComment(model: Model, actor: string, id: number): void {
  const before = model.comments.get(id);
  if (!before) throw notFound();
  model.comments.delete(id);
  touch(model, before.issue);
  announce(model, { table: 'comments', actor, before, after: undefined });
}

/** A comment is an edit of the issue or pull request that it stands on. */
function touch(model: Model, number: number): void {
  const updatedAt = timestamp(model);
  const [issue, pull] = [model.issues.get(number), model.pulls.get(number)];
  if (issue) model.issues.set(number, { ...issue, updatedAt });
  if (pull) model.pulls.set(number, { ...pull, updatedAt });
}

function checkTexts(title: string, body: string): void {
  if (title.length > MAX_TITLE) throw invalid(`title is too long (maximum is ${MAX_TITLE} characters)`);
  if (body.length > MAX_BODY) throw invalid(`body is too long (maximum is ${MAX_BODY} characters)`);
}
