/** Removes folders in which programs have written that nobody vouches for. */
import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Removes a folder with everything in it, also what a program denied its own user to enter. */
export async function removeFolder(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EACCES' && code !== 'EPERM') throw error;
    await run('chmod', ['-R', 'u+rwX', path]);
    await rm(path, { recursive: true, force: true });
  }
}
