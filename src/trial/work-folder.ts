/**
 * The working directory inside the sandbox. A program may write beside its code, and what it writes goes with the trial; but whatever was
 * committed stays as it is, because the command that measures is part of it. So each folder is one in memory, and each file in it is
 * mounted there, which also keeps it from being replaced. bubblewrap's own overlays, in newer versions, would let it be changed.
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isInside, realPath } from './paths.ts';

/** Each mount takes a part of a millisecond at every start. Folders beyond this are read-only as a whole. */
const MOST_MOUNTS = 200;

interface Mount {
  /** Path in the working directory. */
  path: string;
  /** A folder in memory, or a file or a whole folder that is read-only. */
  kind: 'memory' | 'read-only';
}

/** The mounts in order: a folder comes before what is inside it. */
export async function workMounts(workDir: string): Promise<Mount[]> {
  const mounts: Mount[] = [];
  const folders = ['.'];
  for (let folder = folders.shift(); folder !== undefined; folder = folders.shift()) {
    const inside = await entriesOf(workDir, folder);
    const isWritable = inside !== null && mounts.length + folders.length + inside.length < MOST_MOUNTS;
    mounts.push({ path: folder, kind: isWritable ? 'memory' : 'read-only' });
    if (!isWritable) continue;
    for (const { path, isFolder } of inside) {
      if (isFolder) folders.push(path);
      else mounts.push({ path, kind: 'read-only' });
    }
  }
  return mounts;
}

/** A folder's files and folders; null if a link in it leads nowhere or out of the working directory, which cannot be mounted. */
async function entriesOf(workDir: string, folder: string) {
  const found: { path: string; isFolder: boolean }[] = [];
  for (const entry of await readdir(join(workDir, folder), { withFileTypes: true })) {
    const path = folder === '.' ? entry.name : join(folder, entry.name);
    if (!entry.isSymbolicLink()) {
      found.push({ path, isFolder: entry.isDirectory() });
      continue;
    }
    const target = await realPath(join(workDir, path));
    const exists = await stat(target).catch(() => null);
    if (exists === null || !isInside(target, await realPath(workDir))) return null;
    // What it leads to is mounted in its place.
    found.push({ path, isFolder: false });
  }
  return found;
}
