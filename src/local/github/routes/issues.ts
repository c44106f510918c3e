/** Issues: list, open, read, close and reopen; their labels. */
import { z } from 'zod';
import { loginOf } from '../auth.ts';
import { GitHubError } from '../errors.ts';
import { bodyOf, type Ctx, issueOf, repositoryOf, type Server } from '../http.ts';
import { addIssue, emitIssue, setLabels, setState } from '../issues.ts';
import { page } from '../pagination.ts';
import { presentIssue, presentLabels } from '../present/issue.ts';
import type { Issue, Repository } from '../state.ts';
import { sameName, type World } from '../world.ts';

const labelNames = z.array(
  z.union([z.string(), z.object({ name: z.string() }).transform(({ name }) => name)]),
);
const newIssue = z.strictObject({
  title: z.union([z.string(), z.number().transform(String)]),
  body: z.string().nullable().default(null),
  labels: labelNames.default([]),
});
const issueEdit = z.strictObject({
  state: z.enum(['open', 'closed']).optional(),
  labels: labelNames.optional(),
});
const labelsBody = z.union([z.object({ labels: labelNames }).transform(({ labels }) => labels), labelNames]);

export function issueRoutes(server: Server, world: World): void {
  server.get('/repos/:owner/:repo/issues', c => {
    const repository = repositoryOf(world, c, 'read');
    const issues = page(c, selectIssues(c, repository), ['state', 'labels', 'since', 'sort', 'direction']);
    return c.json(issues.map(one => presentIssue(world, repository, one)));
  });
  server.post('/repos/:owner/:repo/issues', async c => {
    const repository = repositoryOf(world, c, 'discuss');
    const login = loginOf(world, c.get('actor'));
    const { title, body, labels } = await bodyOf(c, newIssue);
    const issue = addIssue(world, repository, { title, body, user: login, pull: null });
    if (mayWrite(world, c)) setLabels(world, repository, issue, labels);
    await emitIssue(world, repository, issue, login, 'opened');
    return c.json(presentIssue(world, repository, issue), 201);
  });
  server.get('/repos/:owner/:repo/issues/:number{[0-9]+}', c => {
    const repository = repositoryOf(world, c, 'read');
    return c.json(presentIssue(world, repository, issueOf(repository, c)));
  });
  server.patch('/repos/:owner/:repo/issues/:number{[0-9]+}', async c => {
    const repository = repositoryOf(world, c, 'discuss');
    const issue = issueOf(repository, c);
    requireAuthor(world, c, issue.user);
    const login = loginOf(world, c.get('actor'));
    const edit = await bodyOf(c, issueEdit);
    if (edit.labels) setLabels(world, repository, issue, edit.labels);
    if (edit.state) await setState(world, repository, issue, login, edit.state);
    return c.json(presentIssue(world, repository, issue));
  });
  server.post('/repos/:owner/:repo/issues/:number{[0-9]+}/labels', async c => {
    const repository = repositoryOf(world, c, 'write');
    const issue = issueOf(repository, c);
    setLabels(world, repository, issue, [...issue.labels, ...(await bodyOf(c, labelsBody))]);
    return c.json(presentLabels(world, repository, issue));
  });
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

/** Newest first. */
function selectIssues(c: Ctx, repository: Repository): Issue[] {
  const { state = 'open', labels = '', since = '' } = c.req.query();
  const from = Date.parse(since) || 0;
  const wanted = labels.split(',').filter(name => name !== '');
  return repository.issues
    .filter(
      issue =>
        (state === 'all' || issue.state === state) &&
        Date.parse(issue.updatedAt) >= from &&
        wanted.every(name => issue.labels.some(one => sameName(one, name))),
    )
    .reverse();
}
