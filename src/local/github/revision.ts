/** Revisions that clients name: branch, tag, `heads/<branch>`, full ref or commit id. Nothing else of git's syntax. */
import { GitHubError } from './errors.ts';
import type { Commit } from './git/parse.ts';
import type { Repository } from './state.ts';
import type { World } from './world.ts';

/** The commit that a client's revision names. Throws 422 where there is none, as GitHub's commit routes do. */
export async function commitAt(world: World, repository: Repository, revision: string): Promise<Commit> {
  const git = world.git(repository);
  for (const name of [revision, `refs/heads/${revision}`, `refs/tags/${revision}`, `refs/${revision}`]) {
    const commit = await git.commit(name);
    if (commit) return commit;
  }
  throw new GitHubError(422, `No commit found for SHA: ${revision}`);
}
