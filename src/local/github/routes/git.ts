/** The git database: commits, trees, blobs. */
import { z } from 'zod';
import { loginOf } from '../auth.ts';
import { invalid, notFound } from '../errors.ts';
import type { TreeEntry } from '../git/parse.ts';
import { bodyOf, type Ctx, repositoryOf, type Server } from '../http.ts';
import { nodeId } from '../present/account.ts';
import { presentGitCommit } from '../present/commit.ts';
import { apiUrl } from '../present/repository.ts';
import { identity } from '../pulls.ts';
import type { Repository } from '../state.ts';
import { timestamp, type World } from '../world.ts';

const sha = z.string().regex(/^[0-9a-f]{40}$/, 'expected a 40-digit object id');
const person = z.object({
  name: z.string(),
  email: z.string(),
  date: z.iso.datetime({ offset: true }).optional(),
});
const newCommit = z.object({
  message: z.string(),
  tree: sha,
  parents: z.array(sha).default([]),
  author: person.optional(),
  committer: person.optional(),
});
const newTree = z.object({
  base_tree: sha.optional(),
  tree: z
    .array(
      z.object({
        path: z.string().min(1),
        mode: z.enum(['100644', '100755', '040000', '160000', '120000']).default('100644'),
        type: z.enum(['blob', 'tree', 'commit']).optional(),
        sha: sha.nullable().optional(),
        content: z.string().optional(),
      }),
    )
    .min(1),
});
const newBlob = z.object({ content: z.string(), encoding: z.enum(['utf-8', 'base64']).default('utf-8') });

export function gitRoutes(server: Server, world: World): void {
  server.get('/repos/:owner/:repo/git/commits/:sha', async c => {
    const repository = repositoryOf(world, c, 'read', 'contents');
    const commit = await world.git(repository).commit(shaOf(c));
    if (!commit) throw notFound();
    return c.json(presentGitCommit(world, repository, commit));
  });
  server.post('/repos/:owner/:repo/git/commits', async c => {
    const repository = repositoryOf(world, c, 'write', 'contents');
    const body = await bodyOf(c, newCommit);
    const made = await makeCommit(world, repository, loginOf(world, c.get('actor')), body);
    return c.json(presentGitCommit(world, repository, made), 201);
  });
  server.get('/repos/:owner/:repo/git/trees/:sha', async c => {
    const repository = repositoryOf(world, c, 'read', 'contents');
    const name = c.req.param('sha');
    const git = world.git(repository);
    const tree = await git.tree(/^[0-9a-f]{40}$/.test(name) ? name : `refs/heads/${name}`);
    if (!tree) throw notFound();
    const recursive = c.req.query('recursive') !== undefined;
    const entries = recursive
      ? await git.listRecursively(tree.sha)
      : await Promise.all(tree.entries.map(entry => withSize(world, repository, entry)));
    return c.json(presentTree(world, repository, tree.sha, entries));
  });
  server.post('/repos/:owner/:repo/git/trees', async c => {
    const repository = repositoryOf(world, c, 'write', 'contents');
    const made = await makeTree(world, repository, await bodyOf(c, newTree));
    const { entries } = (await world.git(repository).tree(made)) ?? { entries: [] };
    const sized = await Promise.all(entries.map(entry => withSize(world, repository, entry)));
    return c.json(presentTree(world, repository, made, sized), 201);
  });
  server.get('/repos/:owner/:repo/git/blobs/:sha', async c => {
    const repository = repositoryOf(world, c, 'read', 'contents');
    const blob = await world.git(repository).read(shaOf(c));
    if (blob?.type !== 'blob') throw notFound();
    return c.json({
      sha: blob.sha,
      node_id: blobNode(blob.sha),
      url: `${apiUrl(world, repository)}/git/blobs/${blob.sha}`,
      size: blob.content.length,
      content: blob.content.toString('base64'),
      encoding: 'base64',
    });
  });
  server.post('/repos/:owner/:repo/git/blobs', async c => {
    const repository = repositoryOf(world, c, 'write', 'contents');
    const { content, encoding } = await bodyOf(c, newBlob);
    const made = await world.git(repository).writeBlob(Buffer.from(content, encoding));
    return c.json({ sha: made, url: `${apiUrl(world, repository)}/git/blobs/${made}` }, 201);
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
  const now = timestamp(world);
  const author = o.author ? { date: now, ...defined(o.author) } : identity(world, login);
  const committer = o.committer ? { date: now, ...defined(o.committer) } : author;
  const made = await git.writeCommit({
    tree: o.tree,
    parents: o.parents,
    message: o.message,
    author,
    committer,
  });
  const commit = await git.commit(made);
  if (!commit) throw new Error(`Expected commit ${made} in ${git.dir} after writing it.`);
  return commit;
}

const defined = ({ name, email, date }: z.output<typeof person>) =>
  date === undefined ? { name, email } : { name, email, date };

async function makeTree(world: World, repository: Repository, o: z.output<typeof newTree>): Promise<string> {
  const git = world.git(repository);
  const base = o.base_tree === undefined ? null : await git.tree(o.base_tree);
  if (o.base_tree !== undefined && !base) throw invalid('base_tree is not a valid tree oid');
  const changes = await Promise.all(
    o.tree.map(async entry => {
      const { path, mode } = entry;
      if (path.split('/').some(part => ['', '.', '..', '.git'].includes(part))) {
        throw invalid(`tree.path contains a malformed path component: ${path}`);
      }
      if (entry.content !== undefined) {
        return { path, mode, sha: await git.writeBlob(Buffer.from(entry.content)) };
      }
      if (entry.sha === undefined) throw invalid('Must supply either tree.sha or tree.content');
      if (mode === '040000')
        throw invalid('Whole trees as entries are not served here; name the files in them.');
      if (entry.sha !== null && (await git.read(entry.sha))?.type !== 'blob') {
        throw invalid(`tree.sha ${entry.sha} is not a valid blob`);
      }
      return { path, mode, sha: entry.sha };
    }),
  );
  return git.writeTree(base?.sha ?? null, changes);
}

async function withSize(world: World, repository: Repository, entry: TreeEntry) {
  const size = entry.type === 'blob' ? (await world.git(repository).read(entry.sha))?.content.length : null;
  return { ...entry, size: size ?? null };
}

function presentTree(
  world: World,
  repository: Repository,
  tree: string,
  entries: readonly (TreeEntry & { size: number | null })[],
) {
  const api = `${apiUrl(world, repository)}/git`;
  return {
    sha: tree,
    url: `${api}/trees/${tree}`,
    tree: entries.map(({ path, mode, type, sha, size }) => ({
      path,
      mode,
      type,
      sha,
      ...(size !== null && { size }),
      url: `${api}/${type}s/${sha}`,
    })),
    truncated: false,
  };
}

const blobNode = (id: string) => nodeId('Blob', Number.parseInt(id.slice(0, 10), 16));
