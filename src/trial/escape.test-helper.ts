/** A machine with targets for a malicious candidate, for the tests of the sandbox. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Measurement, measurementSchema } from '../protocol/measurement.ts';
import { makeCandidate, makeRepository, temporaryDirectory } from './fixture.test-helper.ts';
import type { TrialOptions } from './options.ts';
import { runTrial } from './run.ts';
import { findProgram } from './runtime.ts';

/** Part of every file and environment that must not be readable inside the sandbox. */
export const SECRET = 'the-secret-of-this-machine';
export const HELD_OUT = 'a line that only the referee may know';

/** The beginning of every candidate: `attempt` prints whether an action was denied. */
const PRELUDE = `
import ctypes, os, signal, socket, subprocess, sys, time
libc = ctypes.CDLL(None, use_errno=True)

def attempt(name, action):
    try:
        result = action()
    except BaseException as error:
        print(f"denied {name}: {type(error).__name__}", flush=True)
    else:
        print(f"ESCAPED {name}: {result!r}", flush=True)

def read(path):
    with open(path, "rb") as file:
        return file.read(4096)

def write(path, data=b"x"):
    with open(path, "r+b" if os.path.isfile(path) else "wb") as file:
        file.write(data)

def call(name, *args):
    result = getattr(libc, name)(*args)
    if result < 0:
        raise OSError(ctypes.get_errno(), name)
    return result
`;

export interface Machine {
  root: string;
  home: string;
  data: string;
  base: string;
  /** A process of the runner's user with the secret in its environment. */
  victim: ChildProcess;
  /** Servers on this machine: a port, a Unix socket's path, an abstract socket's name, and the number of their connections. */
  port: number;
  socketPath: string;
  abstractName: string;
  visits(): number;
  lines: string[];
  /** Runs a candidate with this Python code and then the honest one. Returns the first one's measurement. */
  trial(code: string, change?: Partial<TrialOptions>): Promise<Measurement>;
  /** The options of a trial with this code, for another process. */
  options(code: string): Omit<TrialOptions, 'onLine'>;
}

/** Sets up everything, and removes it when the test ends. Fails with what to install if bubblewrap is missing. */
export async function machine(context: TestContext): Promise<Machine> {
  await expectBubblewrap();
  const root = temporaryDirectory(context);
  const home = join(root, 'home');
  const data = join(root, 'data');
  mkdirSync(join(home, '.ssh'), { recursive: true });
  mkdirSync(data);
  writeFileSync(join(home, '.ssh/id_ed25519'), SECRET);
  writeFileSync(join(data, 'manifest.json'), '{}');
  writeFileSync(join(data, 'val.txt'), HELD_OUT);
  const base = makeRepository(join(root, 'base'), {
    '.github/research.yml': 'metric: {name: val_bpb, goal: minimize}\n',
    'trainer/train.py': 'print("val_bpb: 1")\n',
  });
  mkdirSync(join(base.dir, 'node_modules'));
  writeFileSync(join(base.dir, 'node_modules/corpus.js'), HELD_OUT);
  const victim = spawn('sleep', ['600'], { env: { ...process.env, TOKEN: SECRET }, stdio: 'ignore' });
  context.after(() => victim.kill('SIGKILL'));
  const servers = await serve(context, home, root);
  const lines: string[] = [];
  let count = 0;
  const options = (code: string): Omit<TrialOptions, 'onLine'> => {
    const name = `candidate-${count++}`;
    const { dir, sha } = makeCandidate(base.dir, join(root, name), { 'trainer/train.py': code });
    const scratch = join(root, `scratch-${name}`);
    mkdirSync(scratch);
    return {
      trial: '7/12.1',
      base: base.dir,
      baseSha: base.sha,
      candidate: dir,
      candidateSha: sha,
      seed: 42,
      budgetSeconds: 5,
      timeoutSeconds: 60,
      command: 'python3 trainer/train.py',
      scratch,
      environment: { ...process.env, HOME: home, AUTORESEARCH_DATA: data, GITHUB_TOKEN: SECRET },
    };
  };
  const run = async (code: string, change: Partial<TrialOptions> = {}) => {
    const onLine = (line: string) => lines.push(line);
    return measurementSchema.parse(await runTrial({ ...options(code), onLine, ...change }));
  };
  return {
    ...{ root, home, data, base: base.dir, victim, ...servers, lines, options },
    async trial(code, change = {}) {
      lines.length = 0;
      const measurement = await run(PRELUDE + code, change);
      const printed = lines.join('\n');
      assert.equal(measurement.sandbox, 'bubblewrap', JSON.stringify(measurement.outcome));
      assert.doesNotMatch(printed, /ESCAPED/);
      assert.ok(!printed.includes(SECRET), printed);
      const told = [...lines];
      const honest = await run(`print("val_bpb: ${count}")\n`, change);
      assert.deepEqual(honest.outcome, { status: 'measured', value: count - 1 });
      lines.splice(0, lines.length, ...told);
      return measurement;
    },
  };
}

/** A candidate's code after the common beginning. */
export const withPrelude = (code: string): string => PRELUDE + code;

/** Ids of the processes on this machine that were started with `argument`. */
export function processesWith(argument: string): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter(name => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0').includes(argument);
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** Resolves once `holds` is true; fails after 10 s. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  for (let look = 0; look < 1000; look++) {
    if (holds()) return;
    await sleep(10);
  }
  assert.fail(`Expected ${what}.`);
}

async function expectBubblewrap(): Promise<void> {
  const found = await findProgram('bwrap', { PATH: process.env.PATH ?? '' });
  if (found === null) assert.fail('These tests need bubblewrap on Linux: sudo apt install bubblewrap');
}

async function serve(context: TestContext, home: string, root: string) {
  let visits = 0;
  const socketPath = join(home, 'agent.sock');
  const abstractName = `autoresearch-${root.split('-').at(-1)}`;
  const listen = async (address: { port: number; host: string } | { path: string }) => {
    const server = createServer(socket => {
      visits++;
      socket.end(SECRET);
    });
    await new Promise<void>(resolve => server.listen(address, resolve));
    context.after(() => server.close());
    return server.address();
  };
  const address = await listen({ port: 0, host: '0.0.0.0' });
  await listen({ path: socketPath });
  await listen({ path: `\0${abstractName}` });
  if (existsSync(socketPath)) chmodSync(socketPath, 0o777);
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { port, socketPath, abstractName, visits: () => visits };
}
