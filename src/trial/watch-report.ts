/** What the watch is told, and the memory through which it reports: readable at any moment, without waiting for a message. */
import type { Limits } from './limits.ts';

export interface WatchOrders {
  report: SharedArrayBuffer;
  /** Null without a sandbox: then only the time and one process's memory are watched. */
  sandbox: { limits: Limits; passwd: string } | null;
  /** From the message with the process id on. */
  timeoutSeconds: number;
}

/** Why the watch ended the trial, by number. */
const ENDINGS = [null, 'memory', 'processes', 'timeout'] as const;
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
