/** What lies between commits: ancestors, merges, differences. Commits never change, so that every answer is remembered. */
import type { GitCommand } from './command.ts';
import { diffTrees, type FileDiff } from './diff.ts';
import { memo } from './memo.ts';

export function historyOf({ dir, lines, ask }: GitCommand) {
  const mergeBase = memo<string | null>(async (pair: string) => {
    const { stdout, exitCode } = await ask(['merge-base', ...pair.split(' ')]);
    return exitCode === 0 ? stdout : null;
  });
  const merge = memo<string | null>(async (pair: string) => {
    const { stdout, exitCode, stderr } = await ask(['merge-tree', '--write-tree', ...pair.split(' ')]);
    if (exitCode === 0) return stdout.slice(0, 40);
    if (exitCode === 1) return null;
    throw new Error(`git merge-tree failed in ${dir}: ${stderr}`);
  });
  const between = memo<string[]>((range: string) => lines(['rev-list', range]));
  const diffs = memo<FileDiff[]>((pair: string) => {
    const [from = '', to = ''] = pair.split(' ');
    return diffTrees(dir, from === '-' ? null : from, to);
  });
  return {
    /** The newest commit that both come from; null where there is none. */
    mergeBase: (a: string, b: string) => mergeBase(`${a} ${b}`),
    /** Tree of the three-way merge of two commits; null where they conflict. */
    merge: (ours: string, theirs: string) => merge(`${ours} ${theirs}`),
    /** What changed from commit `from` (null: from nothing) to `to`. */
    diff: (from: string | null, to: string) => diffs(`${from ?? '-'} ${to}`),
    /** Commits reachable from `to` and not from `from`, newest first. */
    between: (from: string, to: string) => between(`${from}..${to}`),
    /** Whether a commit brings anything below `path` that no ref has yet. */
    async bringsNew(sha: string, path: string): Promise<boolean> {
      return (await lines(['rev-list', '--max-count=1', sha, '--not', '--all', '--', path])).length > 0;
    },
  };
}
