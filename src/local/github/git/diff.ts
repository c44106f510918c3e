/** The difference between two trees, file by file. */
import { execa } from 'execa';

export interface FileDiff {
  path: string;
  previousPath: string | null;
  status: 'added' | 'removed' | 'modified' | 'renamed';
  additions: number;
  deletions: number;
  /** Unified hunks; null for binary files. */
  patch: string | null;
}

const STATUS: Record<string, FileDiff['status']> = { A: 'added', D: 'removed', R: 'renamed' };
const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';

/** What changed from tree or commit `from` (null: from nothing) to `to`. */
export async function diffTrees(dir: string, from: string | null, to: string): Promise<FileDiff[]> {
  const settings = ['-c', 'core.quotePath=false'];
  const what = ['--raw', '--numstat', '--patch', '--full-index', '--abbrev=40', '--find-renames'];
  const { stdout } = await execa(
    'git',
    [...settings, 'diff', '--no-color', '--no-ext-diff', ...what, from ?? EMPTY_TREE, to, '--'],
    { cwd: dir, stripFinalNewline: false },
  );
  if (stdout === '') return [];
  const split = stdout.search(/^diff --git /m);
  const head = (split < 0 ? stdout : stdout.slice(0, split)).split('\n').filter(line => line !== '');
  const raws = head.filter(line => line.startsWith(':'));
  const counts = head.filter(line => !line.startsWith(':'));
  const patches = split < 0 ? [] : stdout.slice(split).split(/^(?=diff --git )/m);
  return raws.map((raw, index) => fileDiff(raw, counts[index] ?? '', patches[index] ?? ''));
}

function fileDiff(raw: string, count: string, patch: string): FileDiff {
  const [facts = '', first = '', second] = raw.split('\t');
  const letter = facts.split(' ')[4] ?? '';
  const [additions, deletions] = count.split('\t');
  const hunks = patch.search(/^@@ /m);
  const status = STATUS[letter.slice(0, 1)] ?? 'modified';
  return {
    path: second ?? first,
    previousPath: second === undefined ? null : first,
    status,
    additions: Number(additions) || 0,
    deletions: Number(deletions) || 0,
    patch: hunks < 0 ? null : patch.slice(hunks).replace(/\n$/, ''),
  };
}
