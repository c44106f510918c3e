/** The folder that a demo writes to: one demo at a time, and nothing but what an earlier demo left is ever deleted. */
import { statfsSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { privateFolder } from '../../starter/private-file.ts';
import { CONNECTION_FILE, connectionSchema } from './connection.ts';

/** Says that a demo made the folder. It is there before anything else is, and while an earlier demo is being deleted. */
const MARK = '.demo';
const LOCK = '.lock';

/** What the local GitHub and a few work trees take, with room to spare. */
const LEAST_FREE_MB = 256;

export type Claim = { kind: 'refused'; problem: string } | { kind: 'claimed'; release(): void };

/** Takes the folder for this process and empties it. It stays taken until `release`, or until the process ends, however it ends. */
export async function claimFolder(dir: string): Promise<Claim> {
  const found = await contentOf(dir);
  if (typeof found === 'string') return { kind: 'refused', problem: found };
  if (found.length > 0 && !found.includes(MARK) && found.some(name => !name.startsWith(LOCK)))
    return {
      kind: 'refused',
      problem: `expected an empty directory or one of an earlier demo, found ${found.slice(0, 3).join(', ')} in ${dir}`,
    };
  privateFolder(dir);
  const free = freeMb(dir);
  if (free < LEAST_FREE_MB)
    return {
      kind: 'refused',
      problem: `expected ${LEAST_FREE_MB} MB of free space, found ${free.toFixed(0)} MB in ${dir}. Remove files there, or choose another directory with --dir`,
    };
  const lock = takeLock(path.join(dir, LOCK));
  if (lock === null) return { kind: 'refused', problem: await takenBy(dir) };
  await writeFile(path.join(dir, MARK), 'Created by `autoresearch demo`, which may delete this directory.\n');
  for (const name of await readdir(dir))
    if (name !== MARK && !name.startsWith(LOCK))
      await rm(path.join(dir, name), { recursive: true, force: true });
  return { kind: 'claimed', release: lock };
}

function freeMb(dir: string): number {
  const { bavail, bsize } = statfsSync(dir);
  return (bavail * bsize) / 2 ** 20;
}

/** The names in a directory, none if it does not exist; or what is wrong with it. */
async function contentOf(dir: string): Promise<string[] | string> {
  try {
    return await readdir(dir);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    if (code === 'ENOTDIR') return `expected a directory, found a file at ${dir}`;
    if (code === 'EACCES') return `expected a directory of yours, found one of another user at ${dir}`;
    throw error;
  }
}

async function takenBy(dir: string): Promise<string> {
  const text = await readFile(path.join(dir, CONNECTION_FILE), 'utf8').catch(() => 'null');
  const running = connectionSchema.safeParse(JSON.parse(text));
  const where = running.success ? ` at ${running.data.url}` : '';
  return `a demo is running in ${dir}${where}. Stop it with Ctrl-C, or choose another directory, such as --dir ${dir}-2`;
}

/** SQLite's lock on a file, which the kernel releases with the process. Null if another process holds it; else what releases it. */
function takeLock(file: string): (() => void) | null {
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    database.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    return () => database.close();
  } catch (error) {
    database.close();
    if (/database is locked/.test((error as Error).message)) return null;
    throw error;
  }
}
