/** The work tree as a commit, so that it can be measured like one. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { git } from '../trial/git.ts';

/** A commit on top of `head` with all files as they are on disk, except those that git ignores. The user's index and branches do not change. */
export async function commitWorkTree(root: string, head: string): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'autoresearch-index-'));
  const env = {
    GIT_INDEX_FILE: path.join(folder, 'index'),
    GIT_AUTHOR_NAME: 'autoresearch',
    GIT_AUTHOR_EMAIL: 'autoresearch@localhost',
    GIT_COMMITTER_NAME: 'autoresearch',
    GIT_COMMITTER_EMAIL: 'autoresearch@localhost',
  };
  const run = async (...args: string[]) => (await git(root, args, env)).toString().trim();
  try {
    await run('read-tree', head);
    await run('add', '--all');
    return await run('commit-tree', await run('write-tree'), '-p', head, '-m', 'work tree');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
