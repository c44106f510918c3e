/** What happens to issues, pull requests' issue side, comments and labels. */
import { isDeepStrictEqual } from 'node:util';
import { invalid, invalidField } from './errors.ts';
import { isPull } from './http.ts';
import { presentComment, presentIssue } from './present/issue.ts';
import { presentPull } from './present/pull.ts';
import { factsOf } from './pull-facts.ts';
import type { Comment, Issue, Label, Pull, Repository } from './state.ts';
import { nextId, sameName, timestamp, type World } from './world.ts';

const MAX_BODY_CHARACTERS = 65_536;
const MAX_TITLE_CHARACTERS = 256;
const MAX_LABEL_CHARACTERS = 50;

/** Throws 422 for a text longer than GitHub stores. */
export function checkBody(resource: string, body: string | null | undefined): void {
  if ((body?.length ?? 0) <= MAX_BODY_CHARACTERS) return;
  throw invalidField(resource, 'body', `body is too long (maximum is ${MAX_BODY_CHARACTERS} characters)`);
}

/** Throws 422 for a title that is empty or longer than GitHub stores. */
export function checkTitle(resource: string, title: string): void {
  if (title.trim() === '') throw invalidField(resource, 'title', "title can't be blank");
  if (title.length <= MAX_TITLE_CHARACTERS) return;
  throw invalidField(resource, 'title', `title is too long (maximum is ${MAX_TITLE_CHARACTERS} characters)`);
}

/** A new issue, or a new pull request where `pull` is given, with the repository's next number. Sends no event. */
export function addIssue<P extends Pull | null>(
  world: World,
  repository: Repository,
  o: { title: string; body: string | null; user: string; pull: P },
): Issue & { pull: P } {
  checkTitle(o.pull ? 'PullRequest' : 'Issue', o.title);
  checkBody(o.pull ? 'PullRequest' : 'Issue', o.body);
  const now = timestamp(world);
  const issue = {
    id: nextId(world),
    number: repository.issues.length + 1,
    title: o.title,
    body: o.body,
    user: o.user,
    state: 'open' as const,
    labels: [],
    createdAt: now,
    updatedAt: now,
    closedAt: null,
    closedBy: null,
    reactions: [],
    pull: o.pull,
  };
  repository.issues.push(issue);
  return issue;
}

/** Tells of `action` on an issue, or on a pull request where it is one. */
export async function emitIssue(
  world: World,
  repository: Repository,
  issue: Issue,
  sender: string,
  action: 'opened' | 'closed' | 'reopened' | 'synchronize',
  extra: Record<string, unknown> = {},
): Promise<void> {
  if (!world.listening()) return;
  if (!isPull(issue)) {
    const payload = { action, issue: presentIssue(world, repository, issue) };
    world.emit({ name: 'issues', repository, sender, payload });
    return;
  }
  const pull = presentPull(world, repository, issue, await factsOf(world, repository, issue));
  const payload = { action, number: issue.number, pull_request: pull, ...extra };
  world.emit({ name: 'pull_request', repository, sender, payload });
}

/** Notes that something about the issue changed now. */
export function touch(world: World, issue: Issue): void {
  issue.updatedAt = timestamp(world);
  world.changed();
}

/** Opens or closes; no event where it already is so. */
export async function setState(
  world: World,
  repository: Repository,
  issue: Issue,
  sender: string,
  state: 'open' | 'closed',
): Promise<void> {
  if (issue.state === state) return;
  issue.state = state;
  issue.closedAt = state === 'closed' ? timestamp(world) : null;
  issue.closedBy = state === 'closed' ? sender : null;
  touch(world, issue);
  await emitIssue(world, repository, issue, sender, state === 'closed' ? 'closed' : 'reopened');
}

/** The repository's label of that name; made where there is none. */
function ensureLabel(world: World, repository: Repository, name: string): Label {
  const known = repository.labels.find(label => sameName(label.name, name));
  if (known) return known;
  if (name.trim() === '' || name.length > MAX_LABEL_CHARACTERS) {
    throw invalidField('Label', 'name', `name must have 1 to ${MAX_LABEL_CHARACTERS} characters`);
  }
  const label = { id: nextId(world), name };
  repository.labels.push(label);
  return label;
}

/** Puts the issue's labels to exactly `names`. */
export function setLabels(
  world: World,
  repository: Repository,
  issue: Issue,
  names: readonly string[],
): void {
  const wanted = [...new Set(names.map(name => ensureLabel(world, repository, name).name))];
  if (isDeepStrictEqual(wanted, issue.labels)) return;
  issue.labels = wanted;
  touch(world, issue);
}

/** A new comment. Throws 422 for one that is empty or too long. */
export function addComment(
  world: World,
  repository: Repository,
  issue: Issue,
  user: string,
  body: string,
): Comment {
  checkComment(body);
  const now = timestamp(world);
  const { number } = issue;
  const comment = { id: nextId(world), number, user, body, createdAt: now, updatedAt: now, reactions: [] };
  repository.comments.push(comment);
  touch(world, issue);
  emitComment(world, repository, issue, comment, user, { action: 'created' });
  return comment;
}

/** Throws 422 for a text that is empty or too long. */
export function editComment(
  world: World,
  repository: Repository,
  comment: Comment,
  sender: string,
  body: string,
): void {
  checkComment(body);
  const changes = { body: { from: comment.body } };
  comment.body = body;
  comment.updatedAt = timestamp(world);
  const issue = repository.issues[comment.number - 1];
  if (!issue) return;
  touch(world, issue);
  emitComment(world, repository, issue, comment, sender, { action: 'edited', changes });
}

function emitComment(
  world: World,
  repository: Repository,
  issue: Issue,
  comment: Comment,
  sender: string,
  what: { action: 'created' } | { action: 'edited'; changes: object },
): void {
  if (!world.listening()) return;
  const payload = {
    ...what,
    issue: presentIssue(world, repository, issue),
    comment: presentComment(world, repository, comment),
  };
  world.emit({ name: 'issue_comment', repository, sender, payload });
}

/** Throws 422 for a comment that is empty or too long. */
function checkComment(body: string): void {
  if (body.trim() === '')
    throw invalid('Validation Failed', [{ resource: 'IssueComment', code: 'missing_field', field: 'body' }]);
  checkBody('IssueComment', body);
}
