/** Issues: list, open, read, edit; their labels. */
import { z } from 'zod';
import { loginOf } from '../auth.ts';
import { GitHubError } from '../errors.ts';
import { bodyOf, type Ctx, issueOf, repositoryOf, type Server } from '../http.ts';
import {
  addIssue,
  checkBody,
  checkTitle,
  emitIssue,
  ensureLabel,
  setLabels,
  setState,
  touch,
} from '../issues.ts';
import { page } from '../pagination.ts';
import { presentIssue, presentLabel, presentLabels } from '../present/issue.ts';
import type { Issue, Repository } from '../state.ts';
import { sameName, type World } from '../world.ts';

const labelNames = z.array(
  z.union([z.string(), z.object({ name: z.string() }).transform(({ name }) => name)]),
);
const newIssue = z.object({
  title: z.union([z.string(), z.number().transform(String)]),
  body: z.string().nullable().default(null),
  labels: labelNames.default([]),
});
const issueEdit = z.object({
  title: z.union([z.string(), z.number().transform(String)]).optional(),
  body: z.string().nullable().optional(),
  state: z.enum(['open', 'closed']).optional(),
  state_reason: z.enum(['completed', 'not_planned', 'reopened']).nullable().optional(),
  labels: labelNames.optional(),
});
const labelsBody = z.union([z.object({ labels: labelNames }).transform(({ labels }) => labels), labelNames]);
const newLabel = z.object({
  name: z.string(),
  color: z
    .string()
    .regex(/^[0-9a-fA-F]{6}$/)
    .optional(),
  description: z.string().max(100).nullable().optional(),
});

export function issueRoutes(server: Server, world: World): void {
  server.get('/repos/:owner/:repo/issues', c => {
    const repository = repositoryOf(world, c, 'read', 'issues', 'pull_requests');
    return c.json(page(c, selectIssues(c, repository)).map(one => presentIssue(world, repository, one)));
  });
  server.post('/repos/:owner/:repo/issues', async c => {
    const repository = repositoryOf(world, c, 'discuss', 'issues');
    const login = loginOf(world, c.get('actor'));
    const { title, body, labels } = await bodyOf(c, newIssue);
    const issue = addIssue(world, repository, { title, body, user: login, pull: null });
    await emitIssue(world, repository, issue, login, 'opened');
    if (mayWrite(world, c)) await setLabels(world, repository, issue, login, labels);
    return c.json(presentIssue(world, repository, issue), 201);
  });
  server.get('/repos/:owner/:repo/issues/:number{[0-9]+}', c => {
    const repository = repositoryOf(world, c, 'read', 'issues', 'pull_requests');
    return c.json(presentIssue(world, repository, issueOf(repository, c)));
  });
  server.patch('/repos/:owner/:repo/issues/:number{[0-9]+}', async c => {
    const repository = repositoryOf(world, c, 'discuss', 'issues', 'pull_requests');
    const issue = issueOf(repository, c);
    requireAuthor(world, c, issue.user);
    const login = loginOf(world, c.get('actor'));
    const edit = await bodyOf(c, issueEdit);
    await editIssue(world, repository, issue, login, edit);
    if (edit.labels) await setLabels(world, repository, issue, login, edit.labels);
    if (edit.state) await setState(world, repository, issue, login, edit.state, edit.state_reason ?? null);
    return c.json(presentIssue(world, repository, issue));
  });
}

export function labelRoutes(server: Server, world: World): void {
  server.get('/repos/:owner/:repo/labels', c => {
    const repository = repositoryOf(world, c, 'read', 'issues');
    return c.json(page(c, repository.labels).map(one => presentLabel(world, repository, one)));
  });
  server.post('/repos/:owner/:repo/labels', async c => {
    const repository = repositoryOf(world, c, 'write', 'issues', 'pull_requests');
    const { name, color, description } = await bodyOf(c, newLabel);
    if (repository.labels.some(one => sameName(one.name, name))) {
      const error = { resource: 'Label', code: 'already_exists', field: 'name' };
      throw new GitHubError(422, 'Validation Failed', [error]);
    }
    const label = ensureLabel(world, repository, name, color, description);
    return c.json(presentLabel(world, repository, label), 201);
  });
  const path = '/repos/:owner/:repo/issues/:number{[0-9]+}/labels';
  server.get(path, c => {
    const repository = repositoryOf(world, c, 'read', 'issues', 'pull_requests');
    return c.json(page(c, presentLabels(world, repository, issueOf(repository, c))));
  });
  server.post(path, async c => {
    const repository = repositoryOf(world, c, 'write', 'issues', 'pull_requests');
    const issue = issueOf(repository, c);
    const names = [...issue.labels, ...(await bodyOf(c, labelsBody))];
    await setLabels(world, repository, issue, loginOf(world, c.get('actor')), names);
    return c.json(presentLabels(world, repository, issue));
  });
  server.put(path, async c => {
    const repository = repositoryOf(world, c, 'write', 'issues', 'pull_requests');
    const issue = issueOf(repository, c);
    await setLabels(world, repository, issue, loginOf(world, c.get('actor')), await bodyOf(c, labelsBody));
    return c.json(presentLabels(world, repository, issue));
  });
  server.delete(`${path}/:name`, async c => {
    const repository = repositoryOf(world, c, 'write', 'issues', 'pull_requests');
    const issue = issueOf(repository, c);
    const name = c.req.param('name') ?? '';
    const left = issue.labels.filter(one => !sameName(one, name));
    if (left.length === issue.labels.length) throw new GitHubError(404, 'Label does not exist');
    await setLabels(world, repository, issue, loginOf(world, c.get('actor')), left);
    return c.json(presentLabels(world, repository, issue));
  });
}

/** Changes title and body of an issue or pull request, and tells of it. Throws 422 for what is too long. */
export async function editIssue(
  world: World,
  repository: Repository,
  issue: Issue,
  login: string,
  edit: { title?: string | undefined; body?: string | null | undefined },
): Promise<void> {
  const resource = issue.pull ? 'PullRequest' : 'Issue';
  const changes: Record<string, { from: string | null }> = {};
  if (edit.title !== undefined && edit.title !== issue.title) {
    checkTitle(resource, edit.title);
    changes.title = { from: issue.title };
  }
  if (edit.body !== undefined && edit.body !== issue.body) {
    checkBody(resource, edit.body);
    changes.body = { from: issue.body };
  }
  if (Object.keys(changes).length === 0) return;
  issue.title = edit.title ?? issue.title;
  issue.body = edit.body === undefined ? issue.body : edit.body;
  touch(world, issue);
  await emitIssue(world, repository, issue, login, 'edited', { changes });
}

/** Throws 403 for a user who neither wrote it nor may write to the repository. */
export function requireAuthor(world: World, c: Ctx, author: string): void {
  if (mayWrite(world, c) || loginOf(world, c.get('actor')) === author) return;
  throw new GitHubError(403, 'Must have write access to the repository, or be the author.');
}

function mayWrite(world: World, c: Ctx): boolean {
  const actor = c.get('actor');
  if (actor.kind !== 'user') return loginOf(world, actor) !== '';
  return actor.permission === 'admin' || actor.permission === 'write';
}

const SORT_KEYS = {
  created: (issue: Issue) => issue.createdAt,
  updated: (issue: Issue) => issue.updatedAt,
};

function selectIssues(c: Ctx, repository: Repository): Issue[] {
  const { state = 'open', labels = '', since = '', creator, sort, direction = 'desc' } = c.req.query();
  const wanted = labels.split(',').filter(name => name !== '');
  const from = since === '' ? 0 : Date.parse(since);
  const matches = repository.issues.filter(
    issue =>
      (state === 'all' || issue.state === state) &&
      wanted.every(name => issue.labels.some(one => sameName(one, name))) &&
      Date.parse(issue.updatedAt) >= from &&
      (creator === undefined || sameName(issue.user, creator)),
  );
  const key = SORT_KEYS[sort === 'updated' ? 'updated' : 'created'];
  matches.sort((a, b) => key(a).localeCompare(key(b)) || a.number - b.number);
  return direction === 'asc' ? matches : matches.reverse();
}
