/** The files of a repository on this machine, for the check that the App makes as well. */
import { lstat, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { RepositoryState } from '../protocol/readiness.ts';
import { fileOf, MOST_FILE_BYTES, type RepositoryFile } from '../protocol/repository-file.ts';
import { git, listTree } from '../trial/git.ts';

const WORKFLOWS = '.github/workflows';
const isWorkflow = (name: string) => /\.ya?ml$/.test(name);

/** The files of a commit; `name` is for sentences. */
export function stateOfCommit(root: string, commit: string, name: string): RepositoryState {
  return {
    name,
    async file(file) {
      const [entry] = await listTree(root, commit, [file]);
      if (entry === undefined) return null;
      if (entry.path !== file) return { kind: 'folder', files: await filesIn(root, commit, file) };
      if (entry.mode === '120000') return { kind: 'other', what: 'a symlink' };
      if (entry.mode === '160000') return { kind: 'other', what: 'a submodule' };
      if (entry.bytes > MOST_FILE_BYTES) return { kind: 'large', bytes: entry.bytes };
      return fileOf(await git(root, ['cat-file', 'blob', entry.oid]));
    },
    workflows: async () => (await filesIn(root, commit, WORKFLOWS)).filter(isWorkflow),
  };
}

async function filesIn(root: string, commit: string, folder: string): Promise<string[]> {
  const entries = await listTree(root, commit, [folder]);
  return entries.map(entry => entry.path).filter(file => path.posix.dirname(file) === folder);
}

/** The files on disk after `written` are; what is not there yet is still to come. */
export function stateOnDisk(root: string, written: ReadonlyMap<string, string>): RepositoryState {
  return {
    name: 'disk',
    async file(file): Promise<RepositoryFile> {
      const text = written.get(file);
      if (text !== undefined) return { kind: 'text', text };
      const found = await lstat(path.join(root, file)).catch(() => null);
      if (found === null) return { kind: 'text', text: '' };
      if (found.isDirectory()) return { kind: 'folder', files: await filesOnDisk(root, file) };
      if (!found.isFile())
        return { kind: 'other', what: found.isSymbolicLink() ? 'a symlink' : 'not a file' };
      if (found.size > MOST_FILE_BYTES) return { kind: 'large', bytes: found.size };
      return fileOf(await readFile(path.join(root, file)));
    },
    workflows: async () => (await filesOnDisk(root, WORKFLOWS)).filter(isWorkflow),
  };
}

async function filesOnDisk(root: string, folder: string): Promise<string[]> {
  const entries = await readdir(path.join(root, folder), { withFileTypes: true }).catch(() => []);
  return entries.flatMap(entry => (entry.isFile() ? [`${folder}/${entry.name}`] : [])).sort();
}
