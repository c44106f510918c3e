/** One `git cat-file --batch` process that answers all reads of a repository, so that reading spawns nothing. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';

export interface GitObject {
  sha: string;
  type: 'commit' | 'tree' | 'blob' | 'tag';
  content: Buffer;
}

export interface ObjectReader {
  /** The object that a revision such as `refs/heads/main` or `<sha>:path` names; null where there is none. */
  read(revision: string): Promise<GitObject | null>;
  close(): void;
}

interface Waiting {
  resolve(object: GitObject | null): void;
  reject(error: Error): void;
}

const TYPES = ['commit', 'tree', 'blob', 'tag'] as const;

/** A reader of the repository at `dir`; its process starts with the first read. */
export function objectReader(dir: string): ObjectReader {
  let child: ChildProcessWithoutNullStreams | undefined;
  const waiting: Waiting[] = [];
  let received: Buffer = Buffer.alloc(0);

  const onData = (chunk: Buffer) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    for (let answer = parse(received); answer; answer = parse(received)) {
      received = received.subarray(answer.length);
      waiting.shift()?.resolve(answer.object);
    }
  };
  const onEnd = () => {
    child = undefined;
    received = Buffer.alloc(0);
    for (const one of waiting.splice(0)) one.reject(new Error(`git cat-file ended while reading ${dir}`));
  };
  const start = () => {
    const started = spawn('git', ['cat-file', '--batch'], { cwd: dir });
    started.stdout.on('data', onData);
    started.stderr.resume();
    started.stdin.on('error', () => {});
    started.on('error', onEnd);
    started.on('close', onEnd);
    return started;
  };
  const read = (revision: string) => {
    if (/[\n\0]/.test(revision)) return Promise.resolve(null);
    child ??= start();
    const asked = new Promise<GitObject | null>((resolve, reject) => waiting.push({ resolve, reject }));
    child.stdin.write(`${revision}\n`);
    return asked;
  };
  return { read, close: () => child?.stdin.end() };
}

/** The first whole answer in `bytes` and its length; null where it has not all arrived. */
function parse(bytes: Buffer): { object: GitObject | null; length: number } | null {
  const end = bytes.indexOf(10);
  if (end < 0) return null;
  const match = /^([0-9a-f]{40}) (\w+) (\d+)$/.exec(bytes.toString('utf8', 0, end));
  const type = TYPES.find(one => one === match?.[2]);
  if (!match?.[1] || !type) return { object: null, length: end + 1 };
  const start = end + 1;
  const size = Number(match[3]);
  if (bytes.length < start + size + 1) return null;
  const content = Buffer.from(bytes.subarray(start, start + size));
  return { object: { sha: match[1], type, content }, length: start + size + 1 };
}
