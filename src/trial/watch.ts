/** Watches a candidate's memory and processes, and ends it if they exceed a limit together. */
import { readdir, readFile } from 'node:fs/promises';
import { ONLY_USER } from './bubblewrap.ts';
import type { Limits } from './limits.ts';

const INTERVAL_MS = 200;

export interface Watch {
  /** Largest resident size of one process so far, in MB (2^20 bytes); 0 if the system does not report it. */
  peakMb(): number;
  /** The limit that was exceeded; null while none is. */
  exceeded(): Exceeded | null;
  stop(): void;
}

export interface Exceeded {
  what: 'memory' | 'processes';
  message: string;
}

/** Watches one process through `/proc`, which only exists on Linux. */
export function watchProcess(pid: number): Watch {
  let peak = 0;
  const stop = repeat(async () => {
    peak = Math.max(peak, (await readMemory(`/proc/${pid}`)).peak);
  });
  return { peakMb: () => peak / 2 ** 20, exceeded: () => null, stop };
}

/**
 * Watches all processes of the sandbox that `pid` started, directly or indirectly, and calls `end` if they exceed a limit. The kernel's own
 * limit for several processes, a control group, needs permissions that a runner rarely has.
 */
export function watchSandbox(pid: number, limits: Limits, end: () => void): Watch {
  let peak = 0;
  let exceeded: Exceeded | null = null;
  let folder: string | null = null;
  const stop = repeat(async () => {
    folder ??= await innerProcesses(pid);
    if (folder === null || exceeded) return;
    const names = await readdir(folder).catch(() => null);
    if (names === null) {
      folder = null;
      return;
    }
    const pids = names.filter(name => /^\d+$/.test(name));
    const paths = pids.slice(0, limits.processes).map(name => `${folder}/${name}`);
    const memory = await Promise.all(paths.map(readMemory));
    peak = Math.max(peak, ...memory.map(each => each.peak));
    const resident = memory.reduce((sum, each) => sum + each.resident, 0);
    if (pids.length > limits.processes) {
      exceeded = {
        what: 'processes',
        message: `ran more than ${limits.processes} processes at the same time`,
      };
    } else if (resident > limits.memoryBytes && (await readShares(paths)) > limits.memoryBytes) {
      const limit = Math.floor(limits.memoryBytes / 2 ** 20);
      exceeded = {
        what: 'memory',
        message: `used more than ${limit} MB of memory, the limit on this machine`,
      };
    }
    if (exceeded) end();
  });
  return { peakMb: () => peak / 2 ** 20, exceeded: () => exceeded, stop };
}

/** Calls `look` at intervals, one call at a time. Returns a function that stops it. */
function repeat(look: () => Promise<void>): () => void {
  let busy = false;
  const tick = async () => {
    if (busy) return;
    busy = true;
    await look();
    busy = false;
  };
  const timer = setInterval(tick, INTERVAL_MS);
  timer.unref();
  void tick();
  return () => clearInterval(timer);
}

/** Most generations between the started process and the first process of the inner sandbox. */
const MAX_DEPTH = 6;

/**
 * The /proc of the inner sandbox, which lists only its own processes; null while there is none. Searches the descendants of `pid`: a process
 * that has not switched to the sandbox's files yet would show the machine's processes.
 */
async function innerProcesses(pid: number, depth = 0): Promise<string | null> {
  const users = await readFile(`/proc/${pid}/root/etc/passwd`, 'utf8').catch(() => '');
  if (users === ONLY_USER) return `/proc/${pid}/root/proc`;
  if (depth === MAX_DEPTH) return null;
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  for (const child of children.trim().split(' ').filter(Boolean)) {
    const found = await innerProcesses(Number(child), depth + 1);
    if (found !== null) return found;
  }
  return null;
}

/** Resident size and its peak, in bytes. */
async function readMemory(folder: string): Promise<{ resident: number; peak: number }> {
  const status = await readFile(`${folder}/status`, 'utf8').catch(() => '');
  const bytes = (name: string) =>
    1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0);
  return { resident: bytes('VmRSS'), peak: bytes('VmHWM') };
}

/** Memory of these processes in bytes, counting shared memory once. Slow, so it is only read if needed. */
async function readShares(folders: readonly string[]): Promise<number> {
  const sizes = await Promise.all(
    folders.map(async folder => {
      const text = await readFile(`${folder}/smaps_rollup`, 'utf8').catch(() => '');
      return 1024 * Number(/^Pss:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0);
    }),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
