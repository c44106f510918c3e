/** Virtual time: what is to happen, in the order of its time. Nothing here waits for a real clock. */

export interface Schedule {
  /** Milliseconds since 1970, in the simulated world. */
  now(): number;
  /** Runs `work` that many seconds from now. */
  after(seconds: number, work: () => void): void;
  /** Resolves that many seconds from now, or as soon as the signal is aborted. */
  sleep(seconds: number, signal?: AbortSignal): Promise<void>;
  /** Lets the next thing happen, and whatever promises it resolved run as far as they get; false where nothing is left. */
  advance(): Promise<boolean>;
}

interface Entry {
  at: number;
  order: number;
  work: () => void;
}

export function createSchedule(start: number): Schedule {
  const heap: Entry[] = [];
  let now = start;
  let order = 0;
  let woken = false;
  const after = (seconds: number, work: () => void) =>
    push(heap, { at: now + Math.max(0, seconds) * 1000, order: order++, work });
  return {
    now: () => now,
    after,
    sleep: (seconds, signal) =>
      new Promise(resolve => {
        const wake = () => {
          signal?.removeEventListener('abort', soon);
          woken = true;
          resolve();
        };
        const soon = () => after(0, wake);
        if (signal?.aborted) soon();
        else {
          after(seconds, wake);
          signal?.addEventListener('abort', soon, { once: true });
        }
      }),
    async advance() {
      const entry = pop(heap);
      if (!entry) return false;
      now = entry.at;
      entry.work();
      // A turn of the event loop lets every promise chain run until it waits for the schedule again.
      if (woken) await new Promise(setImmediate);
      woken = false;
      return true;
    },
  };
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

function push(heap: Entry[], entry: Entry): void {
  let at = heap.length;
  heap.push(entry);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap[parent];
    if (!above || isBefore(above, entry)) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = entry;
}

function pop(heap: Entry[]): Entry | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (!first || !last || heap.length === 0) return first;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    const [left, right] = [heap[child], heap[child + 1]];
    if (!left) break;
    if (right && isBefore(right, left)) child++;
    const next = heap[child];
    if (!next || isBefore(last, next)) break;
    heap[at] = next;
    at = child;
  }
  heap[at] = last;
  return first;
}
