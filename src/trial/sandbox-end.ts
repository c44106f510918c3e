/** Ends a sandbox from outside: whatever happens inside, its first process is ours to kill. */
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

const STATUS_MS = 1000;
const END_MS = 20_000;
const LOOK_MS = 5;

/**
 * Reads what bubblewrap tells about itself. The returned function resolves with the process id of the sandbox's first process, or null when
 * bubblewrap ended before there was one.
 */
export function readStatus(stream: unknown): () => Promise<number | null> {
  if (!(stream instanceof Readable)) throw new Error('Expected a pipe from bubblewrap, found none.');
  let text = '';
  let pid: number | null = null;
  stream.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    const found = /"child-pid": (\d+)/.exec(text)?.[1];
    if (found !== undefined) pid ??= Number(found);
  });
  const closed = new Promise(resolve => stream.once('close', resolve));
  return async () => {
    const timer = setTimeout(() => stream.destroy(), STATUS_MS);
    await closed;
    clearTimeout(timer);
    return pid;
  };
}

/**
 * Kills the first process of a sandbox, with which the kernel kills all others, and waits until they are gone.
 * Throws when they are not, as when a device's driver holds one of them.
 */
export async function endSandbox(pid: number): Promise<void> {
  const deadline = performance.now() + END_MS;
  while (performance.now() < deadline) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    // A zombie has no processes left. Another program means that the number was given anew.
    if (!/^\d+ \(bwrap\) [^ZX]/.test(stat)) return;
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      return;
    }
    await sleep(LOOK_MS);
  }
  throw new Error(
    `Expected the sandbox of process ${pid} to end when it was killed, found it still running.`,
  );
}
