/** The champion's loss per held-out byte in nats, kept on this machine. Half of an audit's positions are drawn in proportion to it. */
import { mkdir, readdir, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isThere } from './paths.ts';

/** Number of files to keep. A campaign needs those of its champion and of the running trial. */
const KEPT = 32;
const OWN_NAME = /^[0-9a-f]{16}-[0-9a-f]{40,64}\.npy$/;

/**
 * The path for a tree's nats, next to the prepared data, where no candidate can read them; null if that folder is not writable. Removes the
 * least recently used files. Files of different digests are never mixed.
 */
export async function natsFile(data: string, digest: string, tree: string): Promise<string | null> {
  const folder = folderOf(data);
  try {
    await mkdir(folder, { recursive: true });
    const names = (await readdir(folder)).filter(name => OWN_NAME.test(name));
    const used = await Promise.all(
      names.map(async name => ({ name, time: (await stat(join(folder, name))).mtimeMs })),
    );
    const old = used.toSorted((a, b) => b.time - a.time).slice(KEPT);
    await Promise.all(old.map(({ name }) => rm(join(folder, name), { force: true })));
    return pathOf(data, digest, tree);
  } catch {
    // Without nats, an audit draws its positions uniformly.
    return null;
  }
}

/** The file of a tree that this machine has measured under the same conditions; null if there is none. */
export async function championNats(data: string, digest: string, tree: string): Promise<string | null> {
  const path = pathOf(data, digest, tree);
  if (!(await isThere(path))) return null;
  const now = new Date();
  // Marks the file as recently used. This fails for a file owned by another user, which is fine.
  await utimes(path, now, now).catch(() => undefined);
  return path;
}

function folderOf(data: string): string {
  return join(dirname(data), 'nats');
}

function pathOf(data: string, digest: string, tree: string): string {
  return join(folderOf(data), `${digest}-${tree}.npy`);
}
