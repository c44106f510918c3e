/** Pull requests. */
import { z } from 'zod';
import { loginOf } from '../auth.ts';
import { invalid } from '../errors.ts';
import { bodyOf, type Ctx, isPull, pullOf, repositoryOf, type Server } from '../http.ts';
import { setState, touch } from '../issues.ts';
import { page } from '../pagination.ts';
import { presentCommit, presentFile } from '../present/commit.ts';
import { type PullIssue, presentPull, presentPullSimple } from '../present/pull.ts';
import { factsOf } from '../pull-facts.ts';
import { MERGE_METHODS, mergePull, openPull } from '../pulls.ts';
import type { Repository } from '../state.ts';
import { sameName, type World } from '../world.ts';
import { editIssue, requireAuthor } from './issues.ts';

const newPull = z.object({
  title: z.string(),
  body: z.string().nullable().default(null),
  head: z.string(),
  base: z.string(),
  draft: z.boolean().default(false),
});
const pullEdit = z.object({
  title: z.string().optional(),
  body: z.string().nullable().optional(),
  state: z.enum(['open', 'closed']).optional(),
  base: z.string().optional(),
});
const mergeBody = z.object({
  sha: z.string().optional(),
  merge_method: z.enum(MERGE_METHODS).default('merge'),
  commit_title: z.string().optional(),
  commit_message: z.string().optional(),
});

export function pullRoutes(server: Server, world: World): void {
  server.get('/repos/:owner/:repo/pulls', c => {
    const repository = repositoryOf(world, c, 'read', 'pull_requests');
    return c.json(page(c, selectPulls(c, repository)).map(one => presentPullSimple(world, repository, one)));
  });
  server.post('/repos/:owner/:repo/pulls', async c => {
    const repository = repositoryOf(world, c, 'discuss', 'pull_requests');
    const body = await bodyOf(c, newPull);
    const login = loginOf(world, c.get('actor'));
    const issue = await world.exclusive(repository, () => openPull(world, repository, login, body));
    return c.json(await present(world, repository, issue), 201);
  });
  const path = '/repos/:owner/:repo/pulls/:number{[0-9]+}';
  server.get(path, async c => {
    const repository = repositoryOf(world, c, 'read', 'pull_requests');
    const issue = pullOf(repository, c);
    const answer = await present(world, repository, issue);
    // GitHub computes mergeability when it is asked for, and says so from the next answer on.
    issue.pull.mergeability = 'computed';
    return c.json(answer);
  });
  server.patch(path, async c => {
    const repository = repositoryOf(world, c, 'discuss', 'pull_requests');
    const issue = pullOf(repository, c);
    requireAuthor(world, c, issue.user);
    const edit = await bodyOf(c, pullEdit);
    const login = loginOf(world, c.get('actor'));
    await world.exclusive(repository, async () => {
      await editIssue(world, repository, issue, login, edit);
      if (edit.base !== undefined) await rebase(world, repository, issue, edit.base);
      if (edit.state === 'open') await requireReopenable(world, repository, issue);
      if (edit.state) await setState(world, repository, issue, login, edit.state);
    });
    return c.json(await present(world, repository, issue));
  });
  server.put(`${path}/merge`, async c => {
    const repository = repositoryOf(world, c, 'write', 'contents');
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
  server.get(`${path}/merge`, c => {
    const repository = repositoryOf(world, c, 'read', 'pull_requests', 'contents');
    return c.body(null, pullOf(repository, c).pull.mergedAt === null ? 404 : 204);
  });
  server.get(`${path}/files`, async c => {
    const repository = repositoryOf(world, c, 'read', 'pull_requests');
    const issue = pullOf(repository, c);
    const { files } = await factsOf(world, repository, issue);
    return c.json(page(c, files).map(file => presentFile(world, repository, file, issue.pull.headSha)));
  });
  server.get(`${path}/commits`, async c => {
    const repository = repositoryOf(world, c, 'read', 'pull_requests');
    const { pull } = pullOf(repository, c);
    const git = world.git(repository);
    const shas = [...(await git.between(pull.baseSha, pull.headSha))].reverse();
    const commits = await Promise.all(page(c, shas).map(sha => git.commit(sha)));
    return c.json(commits.filter(one => one !== null).map(one => presentCommit(world, repository, one)));
  });
}

async function present(world: World, repository: Repository, issue: PullIssue) {
  return presentPull(world, repository, issue, await factsOf(world, repository, issue));
}

function selectPulls(c: Ctx, repository: Repository): PullIssue[] {
  const { state = 'open', head, base, sort, direction } = c.req.query();
  const [owner, branch] = head?.split(':', 2) ?? [];
  const matches = repository.issues
    .filter(isPull)
    .filter(
      issue =>
        (state === 'all' || issue.state === state) &&
        (base === undefined || issue.pull.base === base) &&
        (owner === undefined || sameName(owner, repository.owner)) &&
        (branch === undefined || issue.pull.head === branch),
    );
  const key = (issue: PullIssue) => (sort === 'updated' ? issue.updatedAt : issue.createdAt);
  matches.sort((a, b) => key(a).localeCompare(key(b)) || a.number - b.number);
  const order = direction ?? (sort === undefined || sort === 'created' ? 'desc' : 'asc');
  return order === 'asc' ? matches : matches.reverse();
}

async function rebase(world: World, repository: Repository, issue: PullIssue, base: string): Promise<void> {
  const sha = await world.git(repository).refSha(`refs/heads/${base}`);
  if (sha === null) {
    throw invalid('Validation Failed', [{ resource: 'PullRequest', field: 'base', code: 'invalid' }]);
  }
  Object.assign(issue.pull, { base, baseSha: sha, mergeability: 'fresh' });
  touch(world, issue);
}

async function requireReopenable(world: World, repository: Repository, issue: PullIssue): Promise<void> {
  if (issue.state === 'open') return;
  const { head, mergedAt } = issue.pull;
  const sha = await world.git(repository).refSha(`refs/heads/${head}`);
  if (mergedAt === null && sha !== null) {
    issue.pull.headSha = sha;
    return;
  }
  const why = mergedAt === null ? `The ${head} branch has been deleted.` : 'It has been merged.';
  const message = `state cannot be changed. ${why}`;
  throw invalid('Validation Failed', [{ resource: 'PullRequest', code: 'custom', field: 'state', message }]);
}
