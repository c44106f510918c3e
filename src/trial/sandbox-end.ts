/** Ends a sandbox from outside, by killing its first process, whatever happens inside. */
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

const STATUS_MS = 1000;
const END_MS = 20_000;
const LOOK_MS = 5;

/**
 * Reads bubblewrap's status output. The returned function resolves with the id of the sandbox's first process, or with null if bubblewrap
 * ended before there was one.
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
 * Kills the first process of a sandbox, upon which the kernel kills all others, and waits until they have ended. Throws if they do not, for
 * example because a device driver holds one of them.
 */
export async function endSandbox(pid: number): Promise<void> {
  const deadline = performance.now() + END_MS;
  while (performance.now() < deadline) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    // A zombie has no processes left. Another program means that the id has been reused.
    if (!/^\d+ \(bwrap\) [^ZX]/.test(stat)) return;
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      return;
    }
    await sleep(LOOK_MS);
  }
  throw new Error(
    `The sandbox of process ${pid} is still running ${END_MS / 1000} s after it was killed. Restart the runner's machine.`,
  );
}
