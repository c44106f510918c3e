/** Keeps open files of this process from the programs that it starts. */
import { readdirSync, readFileSync } from 'node:fs';

/** Flag of open(2) that keeps a descriptor from being inherited. */
const CLOSE_ON_EXEC = 0o2000000;

/**
 * Node passes on what it was itself started with, beyond the first few descriptors: a file of whoever started the runner would be open in
 * the sandbox. Returns entries for `stdio` from descriptor `first` on that put /dev/null in their place.
 */
export function coverInherited(first: number): 'ignore'[] {
  const inherited = attempt(() => readdirSync('/proc/self/fdinfo'), []).filter(isInherited);
  const last = Math.max(first - 1, ...inherited.map(Number));
  return Array.from({ length: last - first + 1 }, () => 'ignore');
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
