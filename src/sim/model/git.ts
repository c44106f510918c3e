/** Git as far as the App can see it: trees of text files, commits, and three-way merges file by file. */
import { createHash } from 'node:crypto';

export type Files = ReadonlyMap<string, string>;

interface GitCommit {
  sha: string;
  tree: string;
  parents: string[];
  message: string;
}

export interface Git {
  /** Stores files and returns the id of their tree: the same files, the same id. */
  writeTree(files: Files): string;
  tree(id: string): Files | undefined;
  commit(sha: string): GitCommit | undefined;
  /** @param time ISO; part of the commit's id */
  writeCommit(commit: Omit<GitCommit, 'sha'>, time: string): string;
  /** Whether `ancestor` is `sha` or comes before it. */
  isAncestor(ancestor: string, sha: string): boolean;
  /** Tree of the merge of two commits; null where both changed a file differently. */
  merge(ours: string, theirs: string): string | null;
  /** Paths in which two trees differ. */
  changed(a: string, b: string): string[];
}

export function createGit(): Git {
  const trees = new Map<string, Files>();
  const commits = new Map<string, GitCommit>();

  function writeTree(files: Files): string {
    const sorted = [...files].sort(([a], [b]) => (a < b ? -1 : 1));
    const id = hash(JSON.stringify(sorted));
    trees.set(id, files);
    return id;
  }

  function treeOf(sha: string): Files {
    return trees.get(commits.get(sha)?.tree ?? '') ?? new Map();
  }

  /** A commit and all before it, nearest first. */
  function history(sha: string): Set<string> {
    const seen = new Set([sha]);
    for (const found of seen) for (const parent of commits.get(found)?.parents ?? []) seen.add(parent);
    return seen;
  }

  function merge(ours: string, theirs: string): string | null {
    const before = history(ours);
    const base = [...history(theirs)].find(sha => before.has(sha));
    const [common, a, b] = [base === undefined ? new Map() : treeOf(base), treeOf(ours), treeOf(theirs)];
    const merged = new Map<string, string>();
    for (const path of new Set([...a.keys(), ...b.keys()])) {
      const [was, left, right] = [common.get(path), a.get(path), b.get(path)];
      if (left !== right && left !== was && right !== was) return null;
      const text = left === was ? right : left;
      if (text !== undefined) merged.set(path, text);
    }
    return writeTree(merged);
  }

  return {
    writeTree,
    tree: id => trees.get(id),
    commit: sha => commits.get(sha),
    writeCommit(commit, time) {
      const sha = hash(JSON.stringify([commit.tree, commit.parents, commit.message, time]));
      commits.set(sha, { ...commit, sha });
      return sha;
    },
    isAncestor: (ancestor, sha) => history(sha).has(ancestor),
    merge,
    changed(a, b) {
      const [left, right] = [trees.get(a) ?? new Map(), trees.get(b) ?? new Map()];
      return [...new Set([...left.keys(), ...right.keys()])].filter(
        path => left.get(path) !== right.get(path),
      );
    },
  };
}

function hash(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
