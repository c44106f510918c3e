/** Waiting, on the machine's clock or in a simulation's virtual time. */
import { setTimeout as after } from 'node:timers/promises';

/** Resolves after the given seconds, or as soon as the signal is aborted. */
export type Sleep = (seconds: number, signal: AbortSignal) => Promise<void>;

export const sleep: Sleep = async (seconds, signal) => {
  await after(seconds * 1000, undefined, { signal }).catch(() => undefined);
};
