/**
 * Watches what a trial uses of the machine, and ends it when all its processes together use too much, or when its time is up. In a thread
 * of its own: whatever keeps this one busy, a candidate's output above all, does not keep the watch from it.
 */
import { Worker } from 'node:worker_threads';
import { ONLY_USER } from './bubblewrap.ts';
import type { Limits } from './limits.ts';
import { createReport, viewReport, type WatchOrders } from './watch-report.ts';

/** Beside this file, in the sources and in the bundle. */
const WORKER = new URL(
  import.meta.url.endsWith('.ts') ? './watch-worker.ts' : './watch-worker.js',
  import.meta.url,
);

export interface Watch {
  /** Begins, with the id of the process that was started; it leads a process group. Looks at `/proc`, which only Linux has. */
  begin(pid: number): void;
  /** Largest resident size of one process seen so far, in MB (2^20 bytes); 0 where the system does not tell. */
  peakMb(): number;
  /** Which limit was passed; null as long as none was. */
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
 * Gets the watch ready.
 * @param limits of the sandbox; null without one
 * @param onFailure called where the watch itself fails: nothing may run without it
 */
export function createWatch(
  limits: Limits | null,
  timeoutSeconds: number,
  onFailure: (error: Error) => void,
): Watch {
  const report = createReport();
  const { ending, peakMb } = viewReport(report);
  const workerData: WatchOrders = {
    report,
    sandbox: limits && { limits, passwd: ONLY_USER },
    timeoutSeconds,
  };
  const worker = new Worker(WORKER, { workerData, execArgv: [] });
  worker.unref();
  worker.once('error', onFailure);
  return {
    begin: pid => worker.postMessage(pid),
    peakMb,
    exceeded() {
      const what = ending();
      if (what === 'processes')
        return { what, message: `ran more than ${limits?.processes} processes at a time` };
      if (what !== 'memory') return null;
      const megabytes = Math.floor((limits?.memoryBytes ?? 0) / 2 ** 20);
      return { what, message: `used more than ${megabytes} MB of memory, the limit on this machine` };
    },
    timedOut: () => ending() === 'timeout',
    stop() {
      worker.removeAllListeners('error');
      worker.once('error', () => {});
      void worker.terminate();
    },
  };
}
