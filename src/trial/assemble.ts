/** Builds the directory that a trial runs in: the base, with the editable files of the candidate. */
import { mkdir, realpath, rm, writeFile } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { git, listTree, MAX_BLOB_BYTES, type TreeEntry } from './git.ts';

export interface AssembleOptions {
  /** Checkout and commit of the base. */
  base: string;
  baseSha: string;
  /** The base's files. */
  baseFiles: readonly TreeEntry[];
  /** Checkout and commit of the candidate. */
  candidate: string;
  candidateSha: string;
  /** Files, or folders with everything in them. */
  editable: readonly string[];
  /** Directory to create. */
  workDir: string;
  /** Path for a temporary git index. */
  indexFile: string;
}

/**
 * Fills `workDir`. Both sides are read from git objects, so uncommitted changes and links in the checkouts have no effect. Returns what is
 * wrong with the candidate, or null. Throws if the machine fails, for example because the disk is full.
 */
export async function assemble(options: AssembleOptions): Promise<string | null> {
  const { base, baseSha, candidate, candidateSha, editable, workDir, indexFile } = options;
  await mkdir(workDir, { recursive: true });
  await git(base, ['read-tree', baseSha], { GIT_INDEX_FILE: indexFile });
  await git(base, ['checkout-index', '--all', `--prefix=${workDir}${sep}`], { GIT_INDEX_FILE: indexFile });

  const all = await listTree(candidate, candidateSha);
  const files = all.filter(({ path }) => isEditable(path, editable));
  const irregular = files.find(file => file.mode !== '100644' && file.mode !== '100755');
  if (irregular) return `${irregular.path}: expected a regular file, found ${kindOf(irregular)}`;

  const foreign = changedElsewhere(options.baseFiles, all, editable);
  if (foreign !== null) return `${foreign} was changed but is not editable`;

  for (const path of editable) await rm(join(workDir, path), { recursive: true, force: true });
  for (const file of files) {
    const problem = await place(candidate, file, workDir);
    if (problem) return problem;
  }
  return null;
}

/** A path outside the editable files where the candidate differs from the base. Such a difference would be merged without being measured. */
function changedElsewhere(
  baseFiles: readonly TreeEntry[],
  candidateFiles: readonly TreeEntry[],
  editable: readonly string[],
): string | null {
  const fixed = (files: readonly TreeEntry[]) =>
    new Map(
      files
        .filter(({ path }) => !isEditable(path, editable))
        .map(({ path, mode, oid }) => [path, `${mode} ${oid}`]),
    );
  const [base, candidate] = [fixed(baseFiles), fixed(candidateFiles)];
  const paths = new Set([...base.keys(), ...candidate.keys()]);
  return [...paths].find(path => base.get(path) !== candidate.get(path)) ?? null;
}

function isEditable(path: string, editable: readonly string[]): boolean {
  return editable.some(scope => path === scope || path.startsWith(`${scope}/`));
}

async function place(candidate: string, file: TreeEntry, workDir: string): Promise<string | null> {
  if (file.path.split('/').some(part => part === '..' || part === '.git')) {
    return `${JSON.stringify(file.path)} is not a path inside the repository`;
  }
  if (file.bytes >= MAX_BLOB_BYTES)
    return `${file.path} has ${file.bytes} bytes; at most ${MAX_BLOB_BYTES} are allowed`;
  const target = join(workDir, file.path);
  await mkdir(dirname(target), { recursive: true });
  const folder = await realpath(dirname(target));
  const root = await realpath(workDir);
  if (folder !== root && !folder.startsWith(root + sep)) {
    return `${file.path} is behind a link that leads out of the repository`;
  }
  const content = await git(candidate, ['cat-file', 'blob', file.oid]);
  await writeFile(target, content, { mode: file.mode === '100755' ? 0o755 : 0o644, flag: 'wx' });
  return null;
}

function kindOf(entry: TreeEntry): string {
  if (entry.mode === '120000') return 'a symbolic link';
  if (entry.mode === '160000') return 'a submodule';
  return `git mode ${entry.mode}`;
}
