/**
 * Watches a candidate's memory, processes and time, and ends it if they exceed a limit. In a thread of its own, so that nothing that keeps
 * this one busy, such as the candidate's output, delays the watch.
 */
import { Worker } from 'node:worker_threads';
import type { Limits } from './limits.ts';
import { createReport, viewReport, type WatchOrders } from './watch-report.ts';

/** Next to this file, both in the sources and in the bundle. */
const WORKER = new URL(
  import.meta.url.endsWith('.ts') ? './watch-worker.ts' : './watch-worker.js',
  import.meta.url,
);

export interface Watch {
  /** Starts watching. `pid` is the started process, which leads a process group. Needs `/proc`, which only exists on Linux. */
  begin(pid: number): void;
  /** Largest resident size of one process so far, in MB (2^20 bytes); 0 if the system does not report it. */
  peakMb(): number;
  /** The limit that was exceeded; null while none is. */
  exceeded(): Exceeded | null;
  /** Whether the watch ended the trial because its time was up. */
  timedOut(): boolean;
  stop(): void;
}

export interface Exceeded {
  what: 'memory' | 'processes';
  message: string;
}

/**
 * Prepares a watch.
 * @param limits of the sandbox; null without one
 * @param writable the sandbox's folders in memory
 * @param onFailure called if the watch itself fails: nothing may run without it
 */
export function createWatch(
  limits: Limits | null,
  writable: readonly string[],
  timeoutSeconds: number,
  onFailure: (error: Error) => void,
): Watch {
  const report = createReport();
  const { ending, peakMb } = viewReport(report);
  const workerData: WatchOrders = { report, limits, writable, timeoutSeconds };
  const worker = new Worker(WORKER, { workerData, execArgv: [] });
  worker.unref();
  worker.once('error', onFailure);
  return {
    begin: pid => worker.postMessage(pid),
    peakMb,
    exceeded: () => limits && excessOf(ending(), limits),
    timedOut: () => ending() === 'timeout',
    stop() {
      worker.removeAllListeners('error');
      worker.once('error', () => {});
      void worker.terminate();
    },
  };
}

function excessOf(
  ending: ReturnType<ReturnType<typeof viewReport>['ending']>,
  limits: Limits,
): Exceeded | null {
  switch (ending) {
    case 'memory':
      return usedTooMuchMemory(limits);
    case 'processes':
      return { what: 'processes', message: `ran more than ${limits.processes} processes at the same time` };
    case 'scratch':
      return wroteTooMuch('its folders', limits.scratchBytes);
    case 'shared memory':
      return wroteTooMuch('/dev/shm', limits.sharedBytes);
    default:
      return null;
  }
}

export function usedTooMuchMemory({ memoryBytes }: Limits): Exceeded {
  const limit = Math.floor(memoryBytes / 2 ** 20);
  return { what: 'memory', message: `used more than ${limit} MB of memory, the limit on this machine` };
}

function wroteTooMuch(path: string, bytes: number): Exceeded {
  const limit = Math.floor(bytes / 2 ** 20);
  return { what: 'memory', message: `wrote more than ${limit} MB to ${path}, the limit on this machine` };
}
