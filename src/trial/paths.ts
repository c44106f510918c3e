/** Questions about paths of the machine. */
import { constants } from 'node:fs';
import { access, realpath } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';

/** The system folder that every program needs. */
export const SYSTEM = '/usr';

/** Whether `path` is `folder` or inside it. */
export function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`);
}

/** Whether `path` is in one of the system's folders. */
export function isSystem(path: string): boolean {
  return [SYSTEM, '/bin', '/sbin', '/lib', '/lib64', '/lib32'].some(folder => isInside(path, folder));
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

/** The existing paths, without those inside another one. */
export async function outermost(paths: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const path of [...new Set(paths)].toSorted((a, b) => a.length - b.length)) {
    if (found.some(other => isInside(path, other))) continue;
    if (await isThere(path, constants.R_OK)) found.push(path);
  }
  return found;
}

/** The absolute folders on PATH. A relative one could lead into the candidate's files. */
export function searchPath(env: Record<string, string>): string[] {
  return (env.PATH ?? '').split(delimiter).filter(isAbsolute);
}

/** The absolute path of a program; null if it is not on PATH. */
export async function findProgram(name: string, env: Record<string, string>): Promise<string | null> {
  for (const folder of searchPath(env)) {
    const path = join(folder, name);
    if (await isThere(path, constants.X_OK)) return path;
  }
  return null;
}
