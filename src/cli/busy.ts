/** How busy this machine is at the moment. The system's load averages tell of the last minute. */
import { type CpuInfo, cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** From this share of its cores on, a machine is busy. */
export const BUSY = 0.75;
const SAMPLE_MS = 500;

/** The share of this machine's cores, 0 to 1, that other programs use; 0 if the system does not tell. */
export async function busyShare(): Promise<number> {
  const before = cpus();
  await sleep(SAMPLE_MS);
  return shareBetween(before, cpus());
}

/** The share of the time between two looks in which the cores were not idle. */
export function shareBetween(before: readonly CpuInfo[], after: readonly CpuInfo[]): number {
  const spent = (all: readonly CpuInfo[], what: (times: CpuInfo['times']) => number) =>
    all.reduce((sum, { times }) => sum + what(times), 0);
  const idle = ({ idle }: CpuInfo['times']) => idle;
  const any = ({ user, nice, sys, idle, irq }: CpuInfo['times']) => user + nice + sys + idle + irq;
  const total = spent(after, any) - spent(before, any);
  return total > 0 ? 1 - (spent(after, idle) - spent(before, idle)) / total : 0;
}
