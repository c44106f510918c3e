/** What one candidate may use of the machine. */
import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';

const GIB = 2 ** 30;

export interface Limits {
  /** Of all its processes together, in bytes; of one process, too. */
  memoryBytes: number;
  /** Processes at a time, threads not counted. */
  processes: number;
  /** Threads and processes at a time. The kernel does not count those of a runner that is root. */
  tasks: number;
  /** Open files of one process. */
  openFiles: number;
  /** Its scratch directory, and any one file; in memory. */
  scratchBytes: number;
  /** Shared memory (`/dev/shm`), through which data loaders hand over batches. */
  sharedBytes: number;
}

/**
 * Generous: a limit is there to keep the machine alive for the next trial, not to make candidates modest. Depends on the
 * machine alone, so that the same candidate meets the same limits every time.
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

/** Words before a command that set the limits of each process. Hard limits: nobody inside can raise them. */
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

/** The runner's own hard limits, by their names in /proc; only root could give a candidate more. */
function ownLimits(): Map<string, number> {
  const found = new Map<string, number>();
  for (const line of readFileSync('/proc/self/limits', 'utf8').split('\n')) {
    const [, name, hard] = /^(.{25}) *\S+ +(\d+) /.exec(line) ?? [];
    if (name !== undefined) found.set(name.trim(), Number(hard));
  }
  return found;
}
