/** The git database: commits and trees. */
import { z } from 'zod';
import { loginOf } from '../auth.ts';
import { invalid, notFound } from '../errors.ts';
import { isTreePath } from '../git/names.ts';
import { bodyOf, type Ctx, repositoryOf, type Server } from '../http.ts';
import { presentGitCommit } from '../present/commit.ts';
import { apiUrl } from '../present/repository.ts';
import { identity } from '../pulls.ts';
import type { Repository } from '../state.ts';
import type { World } from '../world.ts';

const sha = z.string().regex(/^[0-9a-f]{40}$/, 'expected a 40-digit object id');
const newCommit = z.strictObject({ message: z.string(), tree: sha, parents: z.array(sha).default([]) });
/** Files of text that are added or replaced. */
const newTree = z.strictObject({
  base_tree: sha.optional(),
  tree: z
    .array(
      z.strictObject({
        path: z.string(),
        mode: z.enum(['100644', '100755']),
        type: z.literal('blob'),
        content: z.string(),
      }),
    )
    .min(1),
});

export function gitRoutes(server: Server, world: World): void {
  server.get('/repos/:owner/:repo/git/commits/:sha', async c => {
    const repository = repositoryOf(world, c, 'read');
    const commit = await world.git(repository).commit(shaOf(c));
    if (!commit) throw notFound();
    return c.json(presentGitCommit(world, repository, commit));
  });
  server.post('/repos/:owner/:repo/git/commits', async c => {
    const repository = repositoryOf(world, c, 'write');
    const body = await bodyOf(c, newCommit);
    const made = await makeCommit(world, repository, loginOf(world, c.get('actor')), body);
    return c.json(presentGitCommit(world, repository, made), 201);
  });
  server.get('/repos/:owner/:repo/git/trees/:sha', async c => {
    const repository = repositoryOf(world, c, 'read');
    const found = await world.git(repository).tree(shaOf(c));
    if (!found) throw notFound();
    return c.json(await presentTree(world, repository, found.sha));
  });
  server.post('/repos/:owner/:repo/git/trees', async c => {
    const repository = repositoryOf(world, c, 'write');
    const made = await makeTree(world, repository, await bodyOf(c, newTree));
    return c.json(await presentTree(world, repository, made), 201);
  });
}

function shaOf(c: Ctx): string {
  const parsed = sha.safeParse(c.req.param('sha'));
  if (!parsed.success)
    throw invalid('The sha parameter must be exactly 40 characters and contain only [0-9a-f].');
  return parsed.data;
}

async function makeCommit(
  world: World,
  repository: Repository,
  login: string,
  o: z.output<typeof newCommit>,
) {
  const git = world.git(repository);
  const tree = await git.tree(o.tree);
  if (tree?.sha !== o.tree) throw invalid('Tree SHA does not exist');
  for (const parent of o.parents) {
    if (!(await git.commit(parent))) throw invalid('Parent SHA does not exist or is not a commit object');
  }
  const author = identity(world, login);
  const made = await git.writeCommit({ ...o, author, committer: author });
  const commit = await git.commit(made);
  if (!commit) throw new Error(`Expected commit ${made} after writing it, found nothing.`);
  return commit;
}

async function makeTree(world: World, repository: Repository, o: z.output<typeof newTree>): Promise<string> {
  const git = world.git(repository);
  const base = o.base_tree === undefined ? null : await git.tree(o.base_tree);
  if (o.base_tree !== undefined && !base) throw invalid('base_tree is not a valid tree oid');
  const wrong = o.tree.find(({ path }) => !isTreePath(path));
  if (wrong) throw invalid(`tree.path contains a malformed path component: ${wrong.path}`);
  return git.writeTree(base?.sha ?? null, o.tree);
}

async function presentTree(world: World, repository: Repository, sha: string) {
  const api = `${apiUrl(world, repository)}/git`;
  const found = await world.git(repository).tree(sha);
  return {
    sha,
    url: `${api}/trees/${sha}`,
    tree: (found?.entries ?? []).map(entry => ({ ...entry, url: `${api}/${entry.type}s/${entry.sha}` })),
    truncated: false,
  };
}
