/** The git database: refs. */
import { z } from 'zod';
import { loginOf } from '../auth.ts';
import { GitHubError, invalid, notFound } from '../errors.ts';
import { isRefName } from '../git/names.ts';
import { bodyOf, type Ctx, repositoryOf, type Server } from '../http.ts';
import { page } from '../pagination.ts';
import { nodeId } from '../present/account.ts';
import { apiUrl } from '../present/repository.ts';
import { moveRefs } from '../refs.ts';
import type { Repository } from '../state.ts';
import type { World } from '../world.ts';

const sha = z.string().regex(/^[0-9a-f]{40}$/, 'expected a 40-digit object id');
const newRef = z.strictObject({ ref: z.string(), sha });
const refUpdate = z.strictObject({ sha, force: z.boolean().default(false) });

export function refRoutes(server: Server, world: World): void {
  server.get('/repos/:owner/:repo/git/ref/:ref{.+}', async c => {
    const repository = repositoryOf(world, c, 'read');
    const ref = refOf(c);
    const found = await world.git(repository).refSha(ref);
    if (found === null) throw await missing(world, repository);
    return c.json(await presentRef(world, repository, ref, found));
  });
  server.get('/repos/:owner/:repo/git/matching-refs/:ref{.+}', async c => {
    const repository = repositoryOf(world, c, 'read');
    const prefix = `refs/${c.req.param('ref')}`;
    const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    const refs = (await world.git(repository).refs(folder)).filter(one => one.ref.startsWith(prefix));
    const answers = page(c, refs).map(one => presentRef(world, repository, one.ref, one.sha));
    return c.json(await Promise.all(answers));
  });
  server.post('/repos/:owner/:repo/git/refs', async c => {
    const repository = repositoryOf(world, c, 'write');
    const body = await bodyOf(c, newRef);
    if (!isRefName(body.ref))
      throw invalid(
        `Reference name must start with 'refs' and have at least two slashes; found ${body.ref}.`,
      );
    await world.exclusive(repository, async () => {
      const git = world.git(repository);
      if ((await git.refSha(body.ref)) !== null) throw invalid('Reference already exists');
      await requireObject(world, repository, body.ref, body.sha);
      const login = loginOf(world, c.get('actor'));
      await moveRefs(world, repository, login, [{ ref: body.ref, from: null, to: body.sha }]);
    });
    return c.json(await presentRef(world, repository, body.ref, body.sha), 201);
  });
  server.patch('/repos/:owner/:repo/git/refs/:ref{.+}', async c => {
    const repository = repositoryOf(world, c, 'write');
    const body = await bodyOf(c, refUpdate);
    const ref = refOf(c);
    await world.exclusive(repository, async () => {
      const git = world.git(repository);
      const from = await git.refSha(ref);
      if (from === null) throw invalid('Reference does not exist');
      await requireObject(world, repository, ref, body.sha);
      if (!body.force && (await git.mergeBase(from, body.sha)) !== from) {
        throw invalid('Update is not a fast forward');
      }
      await moveRefs(world, repository, loginOf(world, c.get('actor')), [{ ref, from, to: body.sha }]);
    });
    return c.json(await presentRef(world, repository, ref, body.sha));
  });
  server.delete('/repos/:owner/:repo/git/refs/:ref{.+}', async c => {
    const repository = repositoryOf(world, c, 'write');
    const ref = refOf(c);
    await world.exclusive(repository, async () => {
      const from = await world.git(repository).refSha(ref);
      if (from === null) throw invalid('Reference does not exist');
      if (ref === `refs/heads/${repository.defaultBranch}`) throw invalid('Cannot delete the default branch');
      await moveRefs(world, repository, loginOf(world, c.get('actor')), [{ ref, from, to: null }]);
    });
    return c.body(null, 204);
  });
}

function refOf(c: Ctx): string {
  const ref = `refs/${c.req.param('ref')}`;
  if (!isRefName(ref)) throw notFound();
  return ref;
}

async function missing(world: World, repository: Repository): Promise<GitHubError> {
  const empty = (await world.git(repository).refs('refs/')).length === 0;
  return empty ? new GitHubError(409, 'Git Repository is empty.') : notFound();
}

/** Branches point at commits only. */
async function requireObject(world: World, repository: Repository, ref: string, sha: string): Promise<void> {
  const object = await world.git(repository).read(sha);
  if (!object) throw invalid('Object does not exist');
  if (ref.startsWith('refs/heads/') && object.type !== 'commit') throw invalid('Object is not a commit');
}

async function presentRef(world: World, repository: Repository, ref: string, sha: string) {
  const api = `${apiUrl(world, repository)}/git`;
  const type = (await world.git(repository).read(sha))?.type ?? 'commit';
  return {
    ref,
    node_id: nodeId(`Ref:${ref}`, repository.id),
    url: `${api}/${ref}`,
    object: { type, sha, url: `${api}/${type}s/${sha}` },
  };
}
