/** The resource limits of a candidate. */
import { totalmem } from 'node:os';

const GIB = 2 ** 30;

export interface Limits {
  /** Memory of all its processes together, in bytes. The same limit applies to each process. */
  memoryBytes: number;
  /** Processes at the same time, not counting threads. */
  processes: number;
  /** Threads and processes at the same time. The kernel does not enforce this if the runner is root. */
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
  const whole = (value: number) => String(Math.floor(value));
  return [
    'prlimit',
    '--core=0',
    `--data=${whole(limits.memoryBytes)}`,
    `--fsize=${whole(limits.scratchBytes)}`,
    `--nofile=${whole(limits.openFiles)}`,
    `--nproc=${whole(limits.tasks)}`,
    '--',
  ];
}
