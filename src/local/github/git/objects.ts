/** Reading objects. They never change, so that whatever is asked by object id is remembered. */
import type { GitObject, ObjectReader } from './batch.ts';
import { memo } from './memo.ts';
import { isRefName, isTreePath } from './names.ts';
import { type Commit, parseCommit, parseTree, type TreeEntry } from './parse.ts';

const SHA = /^[0-9a-f]{40}$/;
const MOST_REMEMBERED_BYTES = 100_000;

export function objectsOf(reader: ObjectReader) {
  /** The object of that id; null where there is none. */
  const read = memo<GitObject | null>(
    async (sha: string) => (SHA.test(sha) ? reader.read(sha) : null),
    object => object !== null && object.content.length < MOST_REMEMBERED_BYTES,
  );
  /** The commit of that id or full ref name (through tags); null where there is none. */
  async function commit(revision: string): Promise<Commit | null> {
    if (!SHA.test(revision) && !isRefName(revision)) return null;
    const object = SHA.test(revision) ? await read(revision) : await reader.read(`${revision}^{commit}`);
    return object?.type === 'commit' ? parseCommit(object.sha, object.content) : null;
  }
  return {
    read,
    commit,
    /** Those of the commits that are there, in their order. */
    async commits(shas: readonly string[]): Promise<Commit[]> {
      return (await Promise.all(shas.map(commit))).filter(found => found !== null);
    },
    /** One level of a tree, or of a commit's, by its id; null where there is none. */
    async tree(sha: string): Promise<{ sha: string; entries: TreeEntry[] } | null> {
      const object = await read(sha);
      const found = object?.type === 'commit' ? await read(parseCommit(sha, object.content).tree) : object;
      return found?.type === 'tree' ? { sha: found.sha, entries: parseTree(found.content) } : null;
    },
    /** The file or folder at a path of a commit or tree, by its id; null where there is none. */
    async entry(sha: string, path: string): Promise<GitObject | null> {
      return SHA.test(sha) && isTreePath(path) ? reader.read(`${sha}:${path}`) : null;
    },
  };
}
