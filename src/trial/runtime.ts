/** Finds what a command needs from the machine: its program, and Python with its library and packages. */
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, realpath } from 'node:fs/promises';
import { basename, delimiter, dirname, isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';
import type { Command } from './command.ts';

const run = promisify(execFile);

/** The system folder that every program needs. */
export const SYSTEM = '/usr';

const PYTHON_PROBE = `
import json, sys
print(json.dumps([sys.executable, sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix]))
`;

export interface Runtime {
  /** The resolved program of the command. Names on PATH may be shims, such as pyenv's, that do not work inside the sandbox. */
  file: string;
  args: string[];
  /** Folders and files outside the system's own that must be readable. */
  paths: string[];
  /** A PATH that leads to the same programs. */
  searchPath: string;
  /** The command's Python; null if it needs none. */
  python: string | null;
}

/** Resolves the command with the PATH in `env`. `cwd` must not contain files of the candidate. Throws an error that names a missing program. */
export async function findRuntime(
  command: Command,
  env: Record<string, string>,
  cwd: string,
): Promise<Runtime> {
  const searched = searchPath(env);
  const named = command.throughShell ? 'python3' : command.file;
  const file = named.includes('/') ? named : await findProgram(named, env);
  const isPython = /^python[\d.]*$/.test(basename(named)) && file !== null;
  if (file === null && !command.throughShell) {
    throw new Error(`Program ${named} not found on PATH (${env.PATH ?? ''}).`);
  }
  const python = isPython ? await askPython(file, env, cwd) : null;
  const libraries = (env.LD_LIBRARY_PATH ?? '').split(delimiter).filter(isAbsolute);
  const homes = env.CUDA_HOME === undefined ? [] : [env.CUDA_HOME];
  const program = python?.executable ?? file;
  const wanted = [
    ...(python?.prefixes ?? []),
    ...(program !== null && isAbsolute(program) ? [program] : []),
    ...libraries,
    ...homes,
  ];
  const first = program !== null && isAbsolute(program) ? [dirname(program)] : [];
  return {
    file: command.throughShell ? command.file : (program ?? command.file),
    args: command.args,
    paths: await outermost(wanted),
    searchPath: [...new Set([...first, ...searched.filter(isSystem), '/usr/bin', '/bin'])].join(delimiter),
    python: python?.executable ?? null,
  };
}

/** The absolute path of a program; null if it is not on PATH. */
export async function findProgram(name: string, env: Record<string, string>): Promise<string | null> {
  for (const folder of searchPath(env)) {
    const path = join(folder, name);
    if (await isThere(path, constants.X_OK)) return path;
  }
  return null;
}

/** The absolute folders on PATH. A relative one could lead into the candidate's files. */
function searchPath(env: Record<string, string>): string[] {
  return (env.PATH ?? '').split(delimiter).filter(isAbsolute);
}

async function askPython(file: string, env: Record<string, string>, cwd: string) {
  const { stdout } = await run(file, ['-I', '-c', PYTHON_PROBE], { env, cwd, timeout: 30_000 });
  const [executable = file, ...prefixes] = JSON.parse(stdout) as string[];
  return { executable, prefixes };
}

/** The existing paths, without those inside another one and without those of the system. */
async function outermost(paths: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const path of [...new Set(paths)].toSorted((a, b) => a.length - b.length)) {
    if (isSystem(path) || found.some(other => isInside(path, other))) continue;
    if (await isThere(path, constants.R_OK)) found.push(path);
  }
  return found;
}

/** Whether `path` is `folder` or inside it. */
export function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`);
}

/** Whether `path` is in one of the system's folders. */
function isSystem(path: string): boolean {
  return ['/usr', '/bin', '/sbin', '/lib', '/lib64', '/lib32'].some(folder => isInside(path, folder));
}

/** Whether the file is accessible with `mode`. */
export async function isThere(path: string, mode: number = constants.F_OK): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}

/** The path with links resolved; the path itself if it does not exist. */
export async function realPath(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}
