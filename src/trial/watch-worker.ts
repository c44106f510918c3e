/** The watch's thread: looks at a trial's processes at intervals, and kills them if they exceed a limit together or run too long. */
import { readdir, readFile, statfs } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { isOnlyUser } from './inside.ts';
import type { Limits } from './limits.ts';
import { type Ending, viewReport, type WatchOrders } from './watch-report.ts';

const INTERVAL_MS = 200;
/** The main thread enforces the timeout. If it is blocked, the watch does so this much later. */
const LATE_SECONDS = 1;
/** Most generations between the started process and the first process of the inner sandbox. */
const MAX_DEPTH = 7;
const MB = 2 ** 20;

const { report, limits, writable, timeoutSeconds } = workerData as WatchOrders;
const { end, raisePeak } = viewReport(report);

parentPort?.once('message', (pid: number) => watch(pid));

/** Looks until the trial has to be ended. `pid` leads the process group of everything outside the sandbox. */
async function watch(pid: number): Promise<void> {
  const deadline = performance.now() + 1000 * (timeoutSeconds + LATE_SECONDS);
  let ending = await look(pid);
  while (ending === null) {
    await sleep(INTERVAL_MS);
    ending = performance.now() > deadline ? 'timeout' : await look(pid);
  }
  end(ending);
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/** The folder of the sandbox's processes, while it is known. */
let folder: string | null = null;

async function look(pid: number): Promise<Ending | null> {
  if (limits === null) {
    raisePeak((await readMemory(`/proc/${pid}`)).peak / MB);
    return null;
  }
  folder ??= await innerProcesses(pid);
  if (folder === null) return null;
  const names = await readdir(folder).catch(() => null);
  if (names === null) {
    folder = null;
    return null;
  }
  return (await lookInside(folder, names, limits)) ?? overfull(`${folder}/..`, limits);
}

/** Looks at all processes of the sandbox. The kernel's own limit for them, a control group, needs permissions that a runner rarely has. */
async function lookInside(root: string, names: string[], limits: Limits): Promise<Ending | null> {
  const pids = names.filter(name => /^\d+$/.test(name));
  const paths = pids.slice(0, limits.processes).map(name => `${root}/${name}`);
  const memory = await Promise.all(paths.map(readMemory));
  raisePeak(memory.reduce((most, { peak }) => Math.max(most, peak), 0) / MB);
  if (pids.length > limits.processes) return 'processes';
  const resident = memory.reduce((sum, each) => sum + each.resident, 0);
  const isTooMuch = resident > limits.memoryBytes && (await readShares(paths)) > limits.memoryBytes;
  return isTooMuch ? 'memory' : null;
}

/**
 * Whether the folders in memory, or shared memory, have outgrown their limit. Versions of bubblewrap before 0.7 cannot limit them, and none
 * can limit several together.
 */
async function overfull(root: string, limits: Limits): Promise<Ending | null> {
  const sizes = await Promise.all(writable.map(path => usedBytes(root + path)));
  if (sizes.reduce((sum, size) => sum + size, 0) > limits.scratchBytes) return 'scratch';
  return (await usedBytes(`${root}/dev/shm`)) > limits.sharedBytes ? 'shared memory' : null;
}

async function usedBytes(path: string): Promise<number> {
  const found = await statfs(path).catch(() => null);
  return found === null ? 0 : (found.blocks - found.bfree) * found.bsize;
}

/**
 * The /proc of the inner sandbox, which lists only its own processes; null while there is none. Searches the descendants of `pid`: a process
 * that has not switched to the sandbox's files yet would show the machine's processes.
 */
async function innerProcesses(pid: number, depth = 0): Promise<string | null> {
  const users = await readFile(`/proc/${pid}/root/etc/passwd`, 'utf8').catch(() => '');
  if (isOnlyUser(users)) return `/proc/${pid}/root/proc`;
  if (depth === MAX_DEPTH) return null;
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  for (const child of children.trim().split(' ').filter(Boolean)) {
    const found = await innerProcesses(Number(child), depth + 1);
    if (found !== null) return found;
  }
  return null;
}

/** Resident size and its peak, in bytes. */
async function readMemory(process: string): Promise<{ resident: number; peak: number }> {
  const status = await readFile(`${process}/status`, 'utf8').catch(() => '');
  const bytes = (name: string) =>
    1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0);
  return { resident: bytes('VmRSS'), peak: bytes('VmHWM') };
}

/** Memory of these processes in bytes, counting shared memory once. Slow, so it is only read if needed. */
async function readShares(processes: readonly string[]): Promise<number> {
  const sizes = await Promise.all(
    processes.map(async process => {
      const text = await readFile(`${process}/smaps_rollup`, 'utf8').catch(() => '');
      return 1024 * Number(/^Pss:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0);
    }),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
