/** Wakes a loop: at once if it is waiting, otherwise when it is about to wait. */
import type { Sleep } from './sleep.ts';

export interface Bell {
  ring(): void;
  /** Forgets earlier rings. */
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
