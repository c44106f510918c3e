/** What each held-out byte cost the champion, kept on this machine: an audit looks where it was much, or where a candidate claims less. */
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isThere } from './runtime.ts';

/** Files kept; a campaign needs its champion's and the one of the trial that is running. */
const KEPT = 32;

/**
 * Where the nats of a tree go, beside the prepared data, which no candidate sees. Older files make room. Trees are compared under one
 * digest only.
 */
export async function natsFile(data: string, digest: string, tree: string): Promise<string> {
  const folder = folderOf(data);
  await mkdir(folder, { recursive: true });
  const names = await readdir(folder);
  const ages = await Promise.all(
    names.map(async name => ({
      name,
      time: (await stat(join(folder, name)).catch(() => null))?.mtimeMs ?? 0,
    })),
  );
  const old = ages.toSorted((a, b) => b.time - a.time).slice(KEPT);
  await Promise.all(old.map(({ name }) => rm(join(folder, name), { force: true })));
  return pathOf(data, digest, tree);
}

/** The file of a tree that this machine has measured under the same conditions; null without one. */
export async function championNats(data: string, digest: string, tree: string): Promise<string | null> {
  const path = pathOf(data, digest, tree);
  return (await isThere(path)) ? path : null;
}

function folderOf(data: string): string {
  return join(dirname(data), 'nats');
}

function pathOf(data: string, digest: string, tree: string): string {
  return join(folderOf(data), `${digest}-${tree}.npy`);
}
