/** Wakes a loop: at once while it waits, otherwise as soon as it is about to. */
import type { Sleep } from './sleep.ts';

export interface Bell {
  ring(): void;
  /** From here on, earlier rings do not count. */
  clear(): void;
  /** Resolves when it rings, at once if it rang since `clear`, or after `seconds`. */
  wait(seconds: number): Promise<void>;
}

export function createBell(sleep: Sleep): Bell {
  let rung = new AbortController();
  return {
    ring: () => rung.abort(),
    clear: () => {
      rung = new AbortController();
    },
    wait: seconds => sleep(seconds, rung.signal),
  };
}
