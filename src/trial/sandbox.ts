/** Wraps a trial's command in bubblewrap, or not at all if the contract says so. */
import { mkdir, symlink } from 'node:fs/promises';
import { delimiter, dirname, join, resolve } from 'node:path';
import type { Contract } from '../protocol/contract.ts';
import { bubblewrap } from './bubblewrap.ts';
import { SandboxUnavailable } from './inside.ts';
import type { Launch, SandboxOptions } from './launch.ts';
import { searchPath } from './paths.ts';

/**
 * The candidate in the sandbox that the contract asks for. Throws SandboxUnavailable with what to do if this machine cannot provide it; with
 * `optional`, warns and continues without a sandbox.
 */
export async function launch(
  wanted: Contract['sandbox'],
  options: SandboxOptions,
  optional: boolean,
  warn: (line: string) => void,
): Promise<Launch> {
  if (wanted === 'none') return bare(options);
  try {
    return await bubblewrap(options, warn);
  } catch (error) {
    if (!optional || !(error instanceof SandboxUnavailable)) throw error;
    warn(`Continuing without a sandbox. ${error.message}`);
    return bare(options);
  }
}

/** Without a sandbox: the candidate has the runner's permissions, but not the job's environment. */
async function bare({ runtime, env, workDir, caches }: SandboxOptions): Promise<Launch> {
  const { file, args, packages } = runtime;
  for (const { name, path } of packages) {
    await mkdir(dirname(join(workDir, name)), { recursive: true });
    await symlink(path, join(workDir, name));
  }
  const folders = runtime.folders.map(folder => resolve(workDir, folder));
  const PATH = [...new Set([...folders, ...searchPath(env)])].join(delimiter);
  return {
    kind: 'none',
    file: file.includes('/') ? resolve(workDir, file) : file,
    args,
    wrap: [],
    command: [file, ...args],
    cwd: workDir,
    env: { ...env, ...caches, ...runtime.variables, PATH },
    workDir,
    writable: [],
    group: null,
  };
}
