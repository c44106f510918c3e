/** Keeps this process's open files from the programs that it starts. */
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';

/** Flag of open(2) for a descriptor that is not inherited. */
const CLOSE_ON_EXEC = 0o2000000;

/**
 * Node passes on the descriptors that it was started with, so a file opened by whoever started the runner would be open in the sandbox.
 * Calls `start` with `stdio` entries that replace such descriptors, from `first` on, with /dev/null.
 */
export function withoutInherited<T>(first: number, start: (cover: (number | 'ignore')[]) => T): T {
  const inherited = attempt(() => readdirSync('/proc/self/fdinfo'), [])
    .filter(isInherited)
    .map(Number);
  const devNull = openSync('/dev/null', 'r');
  try {
    const length = Math.max(0, ...inherited.map(descriptor => descriptor - first + 1));
    return start(
      Array.from({ length }, (_, index) => (inherited.includes(first + index) ? devNull : 'ignore')),
    );
  } finally {
    closeSync(devNull);
  }
}

function isInherited(name: string): boolean {
  // The descriptor that was used to read the list is closed by now.
  const text = attempt(() => readFileSync(`/proc/self/fdinfo/${name}`, 'utf8'), '');
  const flags = /^flags:\s+([0-7]+)$/m.exec(text)?.[1];
  return flags !== undefined && (Number.parseInt(flags, 8) & CLOSE_ON_EXEC) === 0;
}

/** The result of `read`, or `fallback` if the system has no such file. */
function attempt<T>(read: () => T, fallback: T): T {
  try {
    return read();
  } catch {
    return fallback;
  }
}
