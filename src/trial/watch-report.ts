/** What the watch is told, and the memory in which it reports: readable at any time, without waiting for a message. */
import type { Limits } from './limits.ts';

export interface WatchOrders {
  report: SharedArrayBuffer;
  /** Null without a sandbox: then only the time and the memory of one process are watched. */
  limits: Limits | null;
  /** The sandbox's folders in memory, whose sizes count together. */
  writable: readonly string[];
  /** Counted from the message with the process id. */
  timeoutSeconds: number;
}

/** Why the watch ended the trial, by number. */
const ENDINGS = [null, 'memory', 'processes', 'scratch', 'shared memory', 'timeout'] as const;
export type Ending = NonNullable<(typeof ENDINGS)[number]>;

const ENDING = 0;
const PEAK_MB = 1;

export function createReport(): SharedArrayBuffer {
  return new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT);
}

/** Both sides' view of a report. */
export function viewReport(report: SharedArrayBuffer) {
  const cells = new Int32Array(report);
  return {
    ending: (): Ending | null => ENDINGS[Atomics.load(cells, ENDING)] ?? null,
    end: (ending: Ending) => Atomics.store(cells, ENDING, ENDINGS.indexOf(ending)),
    /** Largest resident size of one process so far, in MB (2^20 bytes). */
    peakMb: () => Atomics.load(cells, PEAK_MB),
    raisePeak: (megabytes: number) =>
      Atomics.store(cells, PEAK_MB, Math.max(Atomics.load(cells, PEAK_MB), Math.round(megabytes))),
  };
}
