/** The resource limits of a candidate. */
import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';

const GIB = 2 ** 30;

export interface Limits {
  /** Memory of all its processes together, in bytes. The same limit applies to each process. */
  memoryBytes: number;
  /** Processes at the same time, not counting threads. */
  processes: number;
  /** Threads and processes at the same time. The kernel does not enforce this if the candidate is root's user. */
  tasks: number;
  /** Open files per process. */
  openFiles: number;
  /** Size of its scratch directory, which is in memory, and of every single file. */
  scratchBytes: number;
  /** Size of shared memory (`/dev/shm`), through which data loaders pass batches. */
  sharedBytes: number;
}

/**
 * Generous limits, which only protect the machine for the next trial. They depend on the machine alone, so the same candidate always has the
 * same limits.
 */
export function limitsOfMachine(): Limits {
  const total = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  return {
    memoryBytes: total - Math.max(total / 8, Math.min(GIB, total / 4)),
    processes: 1024,
    tasks: 8192,
    openFiles: 16_384,
    scratchBytes: Math.min(total / 4, 16 * GIB),
    sharedBytes: Math.min(total / 4, 16 * GIB),
  };
}

/** Arguments before a command that set the limits of every process. They are hard limits, which a process cannot raise. */
export function underLimits(limits: Limits): string[] {
  const wanted = [
    { option: 'core', name: 'Max core file size', value: 0 },
    { option: 'data', name: 'Max data size', value: limits.memoryBytes },
    { option: 'fsize', name: 'Max file size', value: limits.scratchBytes },
    { option: 'nofile', name: 'Max open files', value: limits.openFiles },
    { option: 'nproc', name: 'Max processes', value: limits.tasks },
  ];
  const own = ownLimits();
  const option = ({ option, name, value }: (typeof wanted)[number]) =>
    `--${option}=${Math.floor(Math.min(value, own.get(name) ?? value))}`;
  return ['prlimit', ...wanted.map(option), '--'];
}

/** The runner's own hard limits by their names in /proc. Only root could raise them. */
function ownLimits(): Map<string, number> {
  const found = new Map<string, number>();
  for (const line of readFileSync('/proc/self/limits', 'utf8').split('\n')) {
    const [, name, hard] = /^(.{25}) *\S+ +(\d+) /.exec(line) ?? [];
    if (name !== undefined) found.set(name.trim(), Number(hard));
  }
  return found;
}
