/** How busy other programs keep this machine while a command runs. */
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import type { Conditions } from '../protocol/measurement.ts';

/** A machine is busy if its cores are taken to this share, and others are the reason if they take this share of them. The same as in trainer/clock.py. */
const BUSY_SHARE = 0.9;
const OTHERS_SHARE = 0.25;
/** USER_HZ, the same on all Linux systems that Node runs on. */
const TICKS_PER_SECOND = 100;

export interface LoadWatch {
  /** Since the start of the watch. */
  conditions(): Conditions;
}

/** Starts watching. The command has to be started after this, by this process, and to have ended before the answer. */
export function watchLoad(): LoadWatch {
  const before = { at: performance.now(), busy: busySeconds(), own: ownSeconds() };
  return {
    conditions() {
      const seconds = Math.max(0.001, (performance.now() - before.at) / 1000);
      const own = ownSeconds();
      const cores = cpus().length;
      if (before.own === null || own === null)
        return { clock: 'wall', seconds, cpuSeconds: 0, othersCores: null, cores };
      const cpuSeconds = Math.max(0, own - before.own);
      const others = (busySeconds() - before.busy - cpuSeconds) / seconds;
      return { clock: 'wall', seconds, cpuSeconds, othersCores: Math.min(cores, Math.max(0, others)), cores };
    },
  };
}

/** The sentence that blames others for a command that is late; null if they are not the reason. */
export function whyLate({ seconds, cpuSeconds, othersCores, cores }: Conditions): string | null {
  if (othersCores === null || othersCores < OTHERS_SHARE * cores) return null;
  if (othersCores + cpuSeconds / seconds < BUSY_SHARE * cores) return null;
  return `the machine is busy: other programs used ${othersCores.toFixed(1)} of its ${cores} cores meanwhile`;
}

/** CPU seconds of all programs since the machine was started. */
function busySeconds(): number {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys, 0) / 1000;
}

/** CPU seconds of this process and of its children that have ended, with theirs; null where the system does not say. */
function ownSeconds(): number | null {
  try {
    const fields = readFileSync('/proc/self/stat', 'utf8').split(')').at(-1)?.trim().split(' ') ?? [];
    return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_PER_SECOND;
  } catch {
    return null;
  }
}
