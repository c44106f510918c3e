/** Addresses such as `blob/research/1/2/train.py`, where a branch's name may hold slashes too. */
import { GitHubError, notFound } from '../errors.ts';
import type { Commit } from '../git/parse.ts';
import { commitAt, isRefName } from '../revision.ts';
import type { Repository } from '../state.ts';
import type { World } from '../world.ts';

export interface Spot {
  /** The branch, tag or commit as the address names it. */
  revision: string;
  commit: Commit;
  /** Path below the root; empty for the root. */
  path: string;
}

/** The revision and the path in `rest`: no branch's name continues another's, so at most one prefix of it is one. Throws 404. */
export async function spotAt(world: World, repository: Repository, rest: string): Promise<Spot> {
  const segments = rest.split('/').filter(segment => segment !== '');
  for (let count = 1; count <= segments.length; count++) {
    const revision = segments.slice(0, count).join('/');
    const commit = await commitNamed(world, repository, revision);
    if (commit) return { revision, commit, path: segments.slice(count).join('/') };
  }
  throw notFound();
}

/** The commit of a branch, tag or object id; null where there is none. */
async function commitNamed(world: World, repository: Repository, revision: string): Promise<Commit | null> {
  if (!isRefName(`refs/heads/${revision}`)) return null;
  return commitAt(world, repository, revision).catch((error: unknown) => {
    if (error instanceof GitHubError) return null;
    throw error;
  });
}
