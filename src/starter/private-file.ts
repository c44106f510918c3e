/** Files that hold secrets: only their owner may read them, from the moment they exist. */
import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const OWNER_ONLY = 0o600;
const OWNER_ONLY_FOLDER = 0o700;

/** Creates the folder, if it is not there, and closes it to others. */
export function privateFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: OWNER_ONLY_FOLDER });
  chmodSync(folder, OWNER_ONLY_FOLDER);
}

/** Writes a file that only its owner can read. Whoever reads it meanwhile gets the old content or the new, whole. */
export function writePrivate(file: string, text: string): void {
  const next = path.join(path.dirname(file), `.${path.basename(file)}.new`);
  try {
    // One that a crash left behind.
    rmSync(next, { force: true });
    writeFileSync(next, text, { mode: OWNER_ONLY, flag: 'wx' });
    renameSync(next, file);
  } catch (error) {
    rmSync(next, { force: true });
    throw error;
  }
}
