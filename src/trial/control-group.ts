/**
 * A control group of the trial's own: the kernel's bound for all of a candidate's processes together, what they keep in memory files
 * included. Version 2, as on every system since about 2021; and only where the runner may make one.
 */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rmdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Limits } from './limits.ts';

const run = promisify(execFile);

const PREFIX = 'autoresearch-';
const CONTROLLERS = ['memory', 'pids'];
const DAY_MS = 86_400_000;
/** Until its last process is gone, a group cannot be removed. */
const END_MS = 2000;
const LOOK_MS = 20;

export interface ControlGroup {
  folder: string;
  /** Words before a command that put it there. */
  enter: string[];
}

/** A new group with these limits; null where there can be none. */
export async function controlGroup(limits: Limits): Promise<ControlGroup | null> {
  for (const parent of await possibleParents()) {
    const folder = join(parent, `${PREFIX}${randomUUID()}`);
    try {
      await removeOld(parent);
      await mkdir(folder);
      await writeFile(join(folder, 'memory.max'), String(Math.floor(limits.memoryBytes)));
      await writeFile(join(folder, 'memory.oom.group'), '1');
      await writeFile(join(folder, 'pids.max'), String(limits.tasks));
      // Where the kernel counts no swap, there is no such file.
      await writeFile(join(folder, 'memory.swap.max'), '0').catch(() => {});
      const enter = ['sh', '-c', 'echo 0 >"$0" && exec "$@"', join(folder, 'cgroup.procs')];
      await run('sh', [...enter.slice(1), 'true']);
      return { folder, enter };
    } catch {
      await rmdir(folder).catch(() => {});
    }
  }
  return null;
}

/** Whether the kernel ended the group for want of memory. */
export async function ranOutOfMemory({ folder }: ControlGroup): Promise<boolean> {
  const events = await read(join(folder, 'memory.events'));
  return Number(/^oom_kill (\d+)$/m.exec(events)?.[1] ?? 0) > 0;
}

/** Ends what is left in the group, and removes it. One that does not end stays behind, empty or not. */
export async function removeGroup({ folder }: ControlGroup): Promise<void> {
  await writeFile(join(folder, 'cgroup.kill'), '1').catch(() => {});
  const deadline = performance.now() + END_MS;
  while (performance.now() < deadline) {
    const isRemoved = await rmdir(folder).then(
      () => true,
      () => false,
    );
    if (isRemoved) return;
    await sleep(LOOK_MS);
  }
}

/** Groups above our own, the nearest first, whose children are bounded in memory and processes. */
async function possibleParents(): Promise<string[]> {
  const own = /^0::(\/.*)$/m.exec(await read('/proc/self/cgroup'))?.[1];
  const mount = (await read('/proc/self/mountinfo')).split('\n').find(line => line.includes(' - cgroup2 '));
  const [, , , root, top] = mount?.split(' ') ?? [];
  if (own === undefined || root !== '/' || top === undefined) return [];
  const found: string[] = [];
  for (let folder = join(top, own); folder.startsWith(top); folder = dirname(folder)) {
    const control = join(folder, 'cgroup.subtree_control');
    // A group that was given to the runner's user is the user's to divide.
    if (process.getuid?.() !== 0) await writeFile(control, '+memory +pids').catch(() => {});
    const controlled = (await read(control)).trim().split(' ');
    if (CONTROLLERS.every(name => controlled.includes(name))) found.push(folder);
  }
  return found;
}

/** Groups of runners that were killed are empty. */
async function removeOld(parent: string): Promise<void> {
  const names = (await readdir(parent)).filter(name => name.startsWith(PREFIX));
  for (const name of names) {
    const { mtimeMs } = await stat(join(parent, name));
    if (Date.now() - mtimeMs > DAY_MS) await rmdir(join(parent, name)).catch(() => {});
  }
}

/** A file's text; nothing where there is none. */
async function read(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}
