/** Pull requests. */
import { z } from 'zod';
import { loginOf } from '../auth.ts';
import { bodyOf, type Ctx, isPull, pullOf, repositoryOf, type Server } from '../http.ts';
import { checkBody, checkTitle, setState, touch } from '../issues.ts';
import { page } from '../pagination.ts';
import { presentPull, presentPullSimple } from '../present/pull.ts';
import { factsOf } from '../pull-facts.ts';
import { MERGE_METHODS, mergePull, openPull } from '../pulls.ts';
import type { PullIssue, Repository } from '../state.ts';
import { sameName, type World } from '../world.ts';
import { requireAuthor } from './issues.ts';

const newPull = z.strictObject({
  title: z.string(),
  body: z.string().nullable().default(null),
  head: z.string(),
  base: z.string(),
});
const pullEdit = z.strictObject({
  title: z.string().optional(),
  body: z.string().nullable().optional(),
  state: z.literal('closed').optional(),
});
const mergeBody = z.strictObject({
  sha: z.string().optional(),
  merge_method: z.enum(MERGE_METHODS).default('merge'),
  commit_title: z.string().optional(),
  commit_message: z.string().optional(),
});

export function pullRoutes(server: Server, world: World): void {
  server.get('/repos/:owner/:repo/pulls', c => {
    const repository = repositoryOf(world, c, 'read');
    const pulls = page(c, selectPulls(c, repository), ['state', 'head', 'sort', 'direction']);
    return c.json(pulls.map(one => presentPullSimple(world, repository, one)));
  });
  server.post('/repos/:owner/:repo/pulls', async c => {
    const repository = repositoryOf(world, c, 'discuss');
    const body = await bodyOf(c, newPull);
    const login = loginOf(world, c.get('actor'));
    const issue = await world.exclusive(repository, () => openPull(world, repository, login, body));
    return c.json(await present(world, repository, issue), 201);
  });
  const path = '/repos/:owner/:repo/pulls/:number{[0-9]+}';
  server.get(path, async c => {
    const repository = repositoryOf(world, c, 'read');
    const issue = pullOf(repository, c);
    const answer = await present(world, repository, issue);
    // GitHub computes mergeability when it is asked for, and says so from the next answer on.
    issue.pull.mergeability = 'computed';
    return c.json(answer);
  });
  server.patch(path, async c => {
    const repository = repositoryOf(world, c, 'discuss');
    const issue = pullOf(repository, c);
    requireAuthor(world, c, issue.user);
    const edit = await bodyOf(c, pullEdit);
    const login = loginOf(world, c.get('actor'));
    await world.exclusive(repository, async () => {
      rewrite(world, issue, edit);
      if (edit.state) await setState(world, repository, issue, login, edit.state);
    });
    return c.json(await present(world, repository, issue));
  });
  server.put(`${path}/merge`, async c => {
    const repository = repositoryOf(world, c, 'write');
    const issue = pullOf(repository, c);
    const body = await bodyOf(c, mergeBody);
    const request = {
      method: body.merge_method,
      sha: body.sha,
      title: body.commit_title,
      message: body.commit_message,
    };
    const login = loginOf(world, c.get('actor'));
    const sha = await world.exclusive(repository, () => mergePull(world, repository, login, issue, request));
    return c.json({ sha, merged: true, message: 'Pull Request successfully merged' });
  });
}

async function present(world: World, repository: Repository, issue: PullIssue) {
  return presentPull(world, repository, issue, await factsOf(world, repository, issue));
}

function selectPulls(c: Ctx, repository: Repository): PullIssue[] {
  const { state = 'open', head, sort, direction = 'desc' } = c.req.query();
  const [owner, branch] = head?.split(':', 2) ?? [];
  const matches = repository.issues
    .filter(isPull)
    .filter(
      issue =>
        (state === 'all' || issue.state === state) &&
        (owner === undefined || sameName(owner, repository.owner)) &&
        (branch === undefined || issue.pull.head === branch),
    );
  const key = (issue: PullIssue) => (sort === 'updated' ? issue.updatedAt : issue.createdAt);
  matches.sort((a, b) => key(a).localeCompare(key(b)) || a.number - b.number);
  return direction === 'asc' ? matches : matches.reverse();
}

/** Changes title and description. Throws 422 for what is too long. */
function rewrite(world: World, issue: PullIssue, edit: z.output<typeof pullEdit>): void {
  const { title = issue.title, body = issue.body } = edit;
  if (title === issue.title && body === issue.body) return;
  checkTitle('PullRequest', title);
  checkBody('PullRequest', body);
  Object.assign(issue, { title, body });
  touch(world, issue);
}
