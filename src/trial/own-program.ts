/** A command may start a file of the repository itself, which an idea may have made unfit to be started. */
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { Command } from './command.ts';

/** Why the repository's own program cannot be started; null if it can, or if the program is the machine's. `packages`: names of folders. */
export async function ownProgramProblem(
  { file }: Command,
  workDir: string,
  packages: readonly string[],
): Promise<string | null> {
  const path = file.replace(/^(\.\/)+/, '');
  if (!file.includes('/') || isAbsolute(file) || packages.some(name => path.startsWith(`${name}/`)))
    return null;
  const found = await stat(join(workDir, path)).catch(() => null);
  if (found === null) return `${path}, which the command starts, does not exist`;
  if (!found.isFile()) return `${path}, which the command starts, is not a file`;
  const canStart = await access(join(workDir, path), constants.X_OK).then(
    () => true,
    () => false,
  );
  return canStart
    ? null
    : `${path}, which the command starts, is not executable (git update-index --chmod=+x ${path})`;
}
