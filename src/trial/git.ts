/** Reads git objects of a checkout. The working tree is never read, because a candidate may have filled it with links. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The largest object that is read into memory. */
export const MAX_BLOB_BYTES = 16 * 1024 * 1024;

export interface TreeEntry {
  /** `100644`, `100755`, `120000` (symbolic link), `160000` (submodule). */
  mode: string;
  oid: string;
  path: string;
  /** Size of a file in bytes; 0 for a submodule. */
  bytes: number;
}

/** Runs git in `checkout` and returns its standard output as bytes. Throws an error with the failed command and the reason. */
export async function git(
  checkout: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Buffer> {
  const safe = ['-c', 'core.hooksPath=/dev/null', '-c', 'core.fsmonitor=false', '-c', 'safe.directory=*'];
  try {
    const { stdout } = await run('git', ['-C', checkout, ...safe, ...args], {
      encoding: 'buffer',
      maxBuffer: MAX_BLOB_BYTES,
      env: { ...environmentOutsideGit(), ...env, GIT_TERMINAL_PROMPT: '0' },
    });
    return stdout;
  } catch (error) {
    const stderr = String((error as { stderr?: Buffer }).stderr ?? '').trim();
    throw new Error(`git ${args[0]} failed in ${checkout}: ${stderr || (error as Error).message}`);
  }
}

/** This process's environment without git's variables, which would point to another repository if it was started from a hook. */
export function environmentOutsideGit(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_')));
}

/** The object id that `revision` names, as 40 hex digits. */
export async function resolveRevision(checkout: string, revision: string): Promise<string> {
  return (await git(checkout, ['rev-parse', '--verify', revision])).toString().trim();
}

/** The object ids that these revisions name. */
export async function resolveRevisions(checkout: string, revisions: readonly string[]): Promise<string[]> {
  return (await git(checkout, ['rev-parse', ...revisions])).toString().trim().split('\n');
}

/** The files of `commit` at or below one of `paths`, or all files if none is given. Paths are literal, not patterns. */
export async function listTree(
  checkout: string,
  commit: string,
  paths: readonly string[] = [],
): Promise<TreeEntry[]> {
  const output = await git(checkout, ['ls-tree', '-r', '-l', '-z', '--full-tree', commit, '--', ...paths]);
  const entries: TreeEntry[] = [];
  for (const line of output.toString().split('\0')) {
    const match = /^(\d{6}) \w+ ([0-9a-f]{40,64}) +(\d+|-)\t([\s\S]+)$/.exec(line);
    const [, mode, oid, size, path] = match ?? [];
    if (mode && oid && path) entries.push({ mode, oid, path, bytes: Number(size) || 0 });
  }
  return entries;
}
