import { createLogUpdate } from 'log-update';

/** A line that is overwritten in place on a terminal, and not printed anywhere else. */
export function liveLine(stream: NodeJS.WriteStream): { show(line: string): void; clear(): void } {
  if (!stream.isTTY) return { show() {}, clear() {} };
  const update = createLogUpdate(stream, { showCursor: true });
  return {
    show: line => update(line.slice(0, Math.max(40, (stream.columns ?? 80) - 1))),
    clear: () => update.clear(),
  };
}
