/** Revisions that clients name: branch, tag, `heads/<branch>`, full ref or commit id. Nothing else of git's syntax. */
import { GitHubError, notFound } from './errors.ts';
import type { Commit } from './git/parse.ts';
import type { Repository } from './state.ts';
import type { World } from './world.ts';

const SYNTAX = /[\s:^~?*[\\]|\.\.|@\{|^-/;
const SHA = /^[0-9a-f]{40}$/;

/** Whether git would take `ref` as a ref's full name. */
export function isRefName(ref: string): boolean {
  return (
    /^refs\/[^/]+\/.+/.test(ref) && !SYNTAX.test(ref) && !/\/\/|\/\.|\.lock(\/|$)|[/.]$|\p{Cc}/u.test(ref)
  );
}

/** The commit that a client's revision names. Throws 404, or 422 for an id of no commit, as GitHub's commit routes do. */
export async function commitAt(world: World, repository: Repository, revision: string): Promise<Commit> {
  const git = world.git(repository);
  if (SYNTAX.test(revision)) throw notFound();
  const names = SHA.test(revision)
    ? [revision]
    : [`refs/heads/${revision}`, `refs/tags/${revision}`, revision.replace(/^(heads|tags)\//, 'refs/$1/')];
  for (const name of names) {
    if (!SHA.test(name) && !name.startsWith('refs/')) continue;
    const commit = await git.commit(name);
    if (commit) return commit;
  }
  throw new GitHubError(422, `No commit found for SHA: ${revision}`);
}
