/** Keeps open files of this process from the programs that it starts. */
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';

/** Flag of open(2) that keeps a descriptor from being inherited. */
const CLOSE_ON_EXEC = 0o2000000;

/**
 * Node passes on what it was itself started with, beyond the first few descriptors: a file of whoever started the runner would be open in
 * the sandbox. Calls `start` with entries for `stdio` from descriptor `first` on that put /dev/null in their place.
 */
export function withoutInherited<T>(first: number, start: (cover: (number | 'ignore')[]) => T): T {
  const inherited = attempt(() => readdirSync('/proc/self/fdinfo'), [])
    .filter(isInherited)
    .map(Number);
  const nothing = openSync('/dev/null', 'r');
  try {
    const length = Math.max(0, ...inherited.map(descriptor => descriptor - first + 1));
    return start(
      Array.from({ length }, (_, index) => (inherited.includes(first + index) ? nothing : 'ignore')),
    );
  } finally {
    closeSync(nothing);
  }
}

function isInherited(name: string): boolean {
  // The descriptor that the list was read through is closed by now.
  const text = attempt(() => readFileSync(`/proc/self/fdinfo/${name}`, 'utf8'), '');
  const flags = /^flags:\s+([0-7]+)$/m.exec(text)?.[1];
  return flags !== undefined && (Number.parseInt(flags, 8) & CLOSE_ON_EXEC) === 0;
}

/** What `read` gives, and `otherwise` where the system has no such file. */
function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
