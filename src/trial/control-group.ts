/**
 * A control group (cgroup v2) per trial: the kernel then limits all processes of a candidate together, including memory files and what is
 * in /tmp. Only if the runner has permission to create one.
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
/** A group cannot be removed before its last process has ended. */
const END_MS = 2000;
const LOOK_MS = 20;

export interface ControlGroup {
  folder: string;
  /** Arguments before a command that start it in the group. */
  enter: string[];
}

/** A new group with these limits; null if the runner cannot create one. */
export async function controlGroup(limits: Limits): Promise<ControlGroup | null> {
  for (const parent of await possibleParents()) {
    const folder = join(parent, `${PREFIX}${randomUUID()}`);
    try {
      await removeOld(parent);
      await mkdir(folder);
      await writeFile(join(folder, 'memory.max'), String(Math.floor(limits.memoryBytes)));
      await writeFile(join(folder, 'memory.oom.group'), '1');
      await writeFile(join(folder, 'pids.max'), String(limits.tasks));
      // A kernel that does not account for swap has no such file.
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

/** Whether the kernel killed the group because it ran out of memory. */
export async function ranOutOfMemory({ folder }: ControlGroup): Promise<boolean> {
  const events = await read(join(folder, 'memory.events'));
  return Number(/^oom_kill (\d+)$/m.exec(events)?.[1] ?? 0) > 0;
}

/** Kills the group's processes and removes it. If they do not end in time, the group is left behind. */
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

/** Ancestors of this process's group, nearest first, whose children can have limits on memory and processes. */
async function possibleParents(): Promise<string[]> {
  const own = /^0::(\/.*)$/m.exec(await read('/proc/self/cgroup'))?.[1];
  const mount = (await read('/proc/self/mountinfo')).split('\n').find(line => line.includes(' - cgroup2 '));
  const [, , , root, top] = mount?.split(' ') ?? [];
  if (own === undefined || root !== '/' || top === undefined) return [];
  const found: string[] = [];
  for (let folder = join(top, own); folder.startsWith(top); folder = dirname(folder)) {
    const control = join(folder, 'cgroup.subtree_control');
    // If a group was delegated to the runner's user, its controllers may still have to be passed on.
    if (process.getuid?.() !== 0) await writeFile(control, '+memory +pids').catch(() => {});
    const controlled = (await read(control)).trim().split(' ');
    if (CONTROLLERS.every(name => controlled.includes(name))) found.push(folder);
  }
  return found;
}

/** Removes groups that killed runners left behind. They are empty. */
async function removeOld(parent: string): Promise<void> {
  const names = (await readdir(parent)).filter(name => name.startsWith(PREFIX));
  for (const name of names) {
    const { mtimeMs } = await stat(join(parent, name));
    if (Date.now() - mtimeMs > DAY_MS) await rmdir(join(parent, name)).catch(() => {});
  }
}

/** A file's text; empty if it does not exist. */
async function read(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}
