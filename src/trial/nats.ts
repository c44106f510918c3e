/** What each held-out byte cost the champion, kept on this machine: half of an audit's positions are drawn in proportion to it. */
import { mkdir, readdir, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isThere } from './runtime.ts';

/** Files kept; a campaign needs its champion's and the one of the trial that is running. */
const KEPT = 32;
const OWN_NAME = /^[0-9a-f]{16}-[0-9a-f]{40,64}\.npy$/;

/**
 * Where the nats of a tree go, beside the prepared data, which no candidate sees; null where this machine has no room for them there. The
 * files that were not used for longest make room. Trees are compared under one digest only.
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
    // Without them an audit draws its positions evenly.
    return null;
  }
}

/** The file of a tree that this machine has measured under the same conditions; null without one. */
export async function championNats(data: string, digest: string, tree: string): Promise<string | null> {
  const path = pathOf(data, digest, tree);
  if (!(await isThere(path))) return null;
  const now = new Date();
  // Used is as good as new; a file that somebody else owns stays as old as it is.
  await utimes(path, now, now).catch(() => undefined);
  return path;
}

function folderOf(data: string): string {
  return join(dirname(data), 'nats');
}

function pathOf(data: string, digest: string, tree: string): string {
  return join(folderOf(data), `${digest}-${tree}.npy`);
}
