/** Asserts that work takes time in proportion to the length of what it works on. */
import assert from 'node:assert/strict';

const SHORTEST = 2 ** 12;
const LONGEST = 2 ** 18;
/** What is shorter than this cannot be compared: some machines count time in steps of 10 ms. */
const LEAST_MS = 60;
/** Eight pieces take as long as the whole; where every character looks at all others, an eighth of that. */
const PIECES = 8;
const MOST_TIMES = 3.5;

/** Does `work` on ever longer texts, up to a quarter of a megabyte, and compares each with eight texts of an eighth of its length. */
export function assertLinear<T>(
  name: string,
  textOf: (length: number) => T,
  work: (text: T) => unknown,
): void {
  for (let length = SHORTEST; length <= LONGEST; length *= 4) {
    const whole = textOf(length);
    const piece = textOf(length / PIECES);
    const compare = () => {
      const ms = cpuTime(() => work(whole));
      if (ms < LEAST_MS) return { ms, times: 0 };
      const pieces = cpuTime(() => {
        for (let i = 0; i < PIECES; i++) work(piece);
      });
      return { ms, times: ms / Math.max(1, pieces) };
    };
    let found = compare();
    // Once more: garbage is collected at any time.
    if (found.times >= MOST_TIMES) found = compare();
    assert.ok(
      found.times < MOST_TIMES,
      `${name}: ${length} characters take ${found.ms.toFixed(0)} ms, ${found.times.toFixed(1)} times as long as eight eighths of them`,
    );
    if (found.ms >= LEAST_MS && length >= LONGEST / 4) return;
  }
}

/** Milliseconds of this thread alone: how busy the machine is does not matter. */
function cpuTime(work: () => unknown): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}
