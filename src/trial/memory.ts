/** Watches how much memory a process has used, for trials that report no peak of their own. */
import { readFile } from 'node:fs/promises';

const INTERVAL_MS = 500;

export interface MemoryWatch {
  /** Largest resident size seen so far, in MB (2^20 bytes); 0 where the system does not tell. */
  peakMb(): number;
  stop(): void;
}

/** Reads the high-water mark from `/proc`, which only Linux has. */
export function watchMemory(pid: number): MemoryWatch {
  let peakMb = 0;
  const look = async () => {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
    if (kilobytes) peakMb = Math.max(peakMb, Number(kilobytes) / 1024);
  };
  const timer = setInterval(look, INTERVAL_MS);
  timer.unref();
  void look();
  return { peakMb: () => peakMb, stop: () => clearInterval(timer) };
}
