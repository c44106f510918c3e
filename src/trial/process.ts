/** Runs one program in its own process group, reads its output line by line, and leaves no process running. */
import { spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { withoutInherited } from './descriptors.ts';
import { endSandbox, readStatus } from './sandbox-end.ts';

/** Descriptor on which bubblewrap reports the id of its sandbox's first process. */
export const STATUS_DESCRIPTOR = 3;

/** Descriptor on which a program passes bytes outside its output. A shell can only redirect descriptors of one digit. */
export const RESULT_DESCRIPTOR = 4;

/** Longer lines are split, so that a program that prints no line ends cannot fill the memory. */
const MAX_LINE_LENGTH = 64 * 1024;
const DRAIN_MS = 1000;

export interface ProcessOptions {
  file: string;
  args: readonly string[];
  cwd: string;
  /** The complete environment; nothing is inherited. */
  env: Record<string, string>;
  /** Called with every line of stdout and stderr, without its line ending. Carriage returns end lines, too. */
  onLine: (line: string) => void;
  /** Called with the process id once the program has started. */
  onStart?: (pid: number) => void;
  /** Set if the program passes bytes on RESULT_DESCRIPTOR; called with them as they arrive. */
  onResult?: (bytes: Buffer) => void;
  /** Whether the program is bubblewrap, which reports the id of the sandbox's first process. */
  isSandbox?: boolean;
  /** Ends the program when aborted. */
  signal?: AbortSignal;
  timeoutSeconds?: number;
  /** Time between SIGTERM and SIGKILL; with 0 the program is killed immediately. */
  graceSeconds: number;
  /** Text in the environment of every process that the program starts, such as its scratch path. It identifies those that left the process group. */
  marker: string;
}

export interface ProcessResult {
  /** Null if a signal ended it. */
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  endedBy: 'itself' | 'timeout' | 'abort';
}

/**
 * Runs a program to its end, then kills every process that it left behind. Throws the system's error (`ENOENT`, `EACCES` …) if the program
 * cannot be started, and an error if a sandbox does not end.
 */
export async function runProcess(options: ProcessOptions): Promise<ProcessResult> {
  if (options.signal?.aborted) return { exitCode: null, signal: null, endedBy: 'abort' };
  const status = options.isSandbox ? 'pipe' : 'ignore';
  const own = ['ignore', 'pipe', 'pipe', status, ...(options.onResult ? ['pipe' as const] : [])] as const;
  const child = withoutInherited(own.length, cover =>
    spawn(options.file, options.args, {
      cwd: options.cwd,
      env: options.env,
      stdio: [...own, ...cover],
      detached: true,
    }),
  );
  const { stdout, stderr } = child;
  if (!stdout || !stderr) throw new Error(`Expected pipes from ${options.file}, found none.`);
  const sandbox = options.isSandbox && readStatus(child.stdio[STATUS_DESCRIPTOR]);
  const handedOver = options.onResult && child.stdio[RESULT_DESCRIPTOR];
  const results = handedOver instanceof Readable ? [handedOver] : [];
  const finish = Promise.all([
    ...[stdout, stderr].map(stream => readLines(stream, options.onLine)),
    ...results.map(stream => readBytes(stream, options.onResult)),
  ]);
  const exited = new Promise<Pick<ProcessResult, 'exitCode' | 'signal'>>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }));
  });
  if (child.pid === undefined) return { ...(await exited), endedBy: 'itself' };
  const { pid } = child;
  options.onStart?.(pid);

  let endedBy: ProcessResult['endedBy'] = 'itself';
  const timers: NodeJS.Timeout[] = [];
  const end = (why: 'timeout' | 'abort') => {
    if (endedBy !== 'itself') return;
    endedBy = why;
    killGroup(pid, options.graceSeconds > 0 ? 'SIGTERM' : 'SIGKILL');
    timers.push(setTimeout(() => killGroup(pid, 'SIGKILL'), options.graceSeconds * 1000));
  };
  const onAbort = () => end('abort');
  options.signal?.addEventListener('abort', onAbort, { once: true });
  if (options.timeoutSeconds !== undefined) {
    timers.push(setTimeout(() => end('timeout'), options.timeoutSeconds * 1000));
  }
  try {
    const result = await exited;
    killGroup(pid, 'SIGKILL');
    const first = sandbox && (await sandbox());
    if (first) await endSandbox(first);
    await killMarked(options.marker);
    await drain([stdout, stderr, ...results], finish);
    return { ...result, endedBy };
  } finally {
    for (const timer of timers) clearTimeout(timer);
    options.signal?.removeEventListener('abort', onAbort);
  }
}

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group has already ended.
  }
}

/**
 * Ids of all processes that have `marker` in their environment. Works only on Linux; elsewhere only the process group can be found. Code can
 * hide from this on purpose; only the process namespace of the sandbox prevents that.
 */
export async function findMarked(marker: string): Promise<number[]> {
  const found: number[] = [];
  for (const entry of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(entry) || Number(entry) === process.pid) continue;
    const environment = await readFile(`/proc/${entry}/environ`, 'utf8').catch(() => '');
    if (environment.includes(marker)) found.push(Number(entry));
  }
  return found;
}

/** Kills processes that left the process group. */
async function killMarked(marker: string): Promise<void> {
  for (const pid of await findMarked(marker)) killOne(pid);
}

function killOne(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended since it was listed.
  }
}

/** Waits for the last lines, but only for a limited time, because a process that escaped may keep the pipes open. */
async function drain(streams: readonly Readable[], finished: Promise<unknown>): Promise<void> {
  const timer = setTimeout(() => {
    for (const stream of streams) stream.destroy();
  }, DRAIN_MS);
  await finished;
  clearTimeout(timer);
}

/** Resolves when the stream has ended and its last bytes have been passed on. */
function readBytes(stream: Readable, onBytes: ((bytes: Buffer) => void) | undefined): Promise<void> {
  return new Promise(resolve => {
    stream.on('data', (chunk: Buffer) => onBytes?.(chunk));
    stream.once('close', () => resolve());
  });
}

/** Resolves when the stream has ended and its last line has been passed on. */
function readLines(stream: Readable, onLine: (line: string) => void): Promise<void> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  let afterCarriageReturn = false;
  const take = (text: string) => {
    if (text === '') return;
    const fresh = afterCarriageReturn && text.startsWith('\n') ? text.slice(1) : text;
    afterCarriageReturn = text.endsWith('\r');
    const lines = (rest + fresh).split(/\r\n|\n|\r/);
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
    if (rest.length > MAX_LINE_LENGTH) {
      onLine(rest.slice(0, MAX_LINE_LENGTH));
      rest = rest.slice(MAX_LINE_LENGTH);
    }
  };
  return new Promise(resolve => {
    stream.on('data', (chunk: Buffer) => take(decoder.write(chunk)));
    stream.once('close', () => {
      take(decoder.end());
      if (rest !== '') onLine(rest);
      resolve();
    });
  });
}
