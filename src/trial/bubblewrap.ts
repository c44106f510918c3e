/** The sandbox on Linux: bubblewrap with its own namespaces, and only those parts of the machine that the command needs. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type ControlGroup, controlGroup, removeGroup } from './control-group.ts';
import { insideFiles, SandboxUnavailable, WORK } from './inside.ts';
import type { Launch, SandboxOptions } from './launch.ts';
import { underLimits } from './limits.ts';
import { findProgram } from './paths.ts';
import { STATUS_DESCRIPTOR } from './process.ts';
import { systemCallFilter } from './system-calls.ts';
import { becoming, possibleUsers, type User } from './user.ts';

const run = promisify(execFile);

/** Descriptor through which bubblewrap reads the system call filter. A shell can only redirect descriptors of one digit. */
const FILTER_DESCRIPTOR = 9;

const NAMESPACES = ['pid', 'net', 'ipc', 'uts', 'cgroup'];
/** Capabilities that setpriv needs to switch to the candidate's user. It drops them. */
const BECOMING = ['CAP_SETUID', 'CAP_SETGID', 'CAP_SETPCAP'];

/** The oldest bubblewrap that has every option the sandbox cannot do without (--perms). */
const OLDEST = '0.5';
const INSTALL = 'Install bubblewrap and util-linux (Debian, Ubuntu: sudo apt install bubblewrap util-linux).';

interface Program {
  path: string;
  /** Whether this version can limit the size of a file system in memory (0.7), and disable user namespaces (0.8). */
  limitsSize: boolean;
  disablesNamespaces: boolean;
}

/**
 * Wraps the command in the sandbox. First starts the command's interpreter in it once, without the candidate, and throws
 * SandboxUnavailable if that does not work on this machine. Calls `warn` if the sandbox is weaker than it could be.
 */
export async function bubblewrap(options: SandboxOptions, warn: (line: string) => void): Promise<Launch> {
  if (process.platform !== 'linux') {
    throw new SandboxUnavailable(
      `bubblewrap needs Linux, found ${process.platform}. Run trials on Linux, or set \`sandbox: none\` in the contract, which gives candidates access to this machine.`,
    );
  }
  const [program, filter, group] = await Promise.all([
    findBubblewrap(options.env),
    writeFilter(options),
    controlGroup(options.limits),
  ]);
  try {
    return await firstThatWorks(options, warn, user => wrapped(options, program, user, filter, group));
  } catch (error) {
    if (group !== null) await removeGroup(group);
    throw error;
  }
}

/** The sandbox for the first of the possible users with whom it works. */
async function firstThatWorks(
  options: SandboxOptions,
  warn: (line: string) => void,
  wrapFor: (user: User) => Promise<Launch>,
): Promise<Launch> {
  const users = await possibleUsers();
  let problem: Problem | null = null;
  for (const user of users) {
    if (problem !== null)
      warn(`Candidates run as root without its rights instead of a user of their own: ${problem.said}`);
    if (user.isOwn) await run('chmod', ['-R', 'a+rX', options.workDir]);
    const launch = await wrapFor(user);
    // Without the site's packages, whose folders the other look covers, an interpreter starts in a third of the time.
    const { python } = options.runtime;
    const probe = python ? [python, '-I', '-S', '-c', ''] : ['true'];
    const problems = await Promise.all([
      user.isOwn ? unreadable(options) : null,
      testRun([...launch.wrap, ...probe], options.env),
    ]);
    problem = problems.find(each => each !== null) ?? null;
    if (problem === null) return launch;
  }
  const { said, advice } = problem ?? { said: 'there is no user for the candidate', advice: '' };
  throw new SandboxUnavailable(`The sandbox does not work here: ${said}. ${advice}`);
}

/** A file that the runner may read and another user may not: the candidate must not be blamed for it. Looks a few folders deep. */
async function unreadable({ readable, machineHome, runtime }: SandboxOptions): Promise<Problem | null> {
  const named = readable.map(path => (path.startsWith('~/') ? join(machineHome, path.slice(2)) : path));
  const folders = [...named, ...runtime.paths, ...runtime.packages.map(({ path }) => path)];
  if (folders.length === 0) return null;
  const hidden = ['-type', 'd', '!', '-perm', '-005', '-o', '-type', 'f', '!', '-perm', '-004'];
  // A folder that disappears meanwhile is none of ours.
  const { stdout } = await run('find', [
    ...folders,
    ...['-maxdepth', '5', '(', ...hidden, ')', '-print', '-quit'],
  ]).catch(() => ({ stdout: '' }));
  return stdout === ''
    ? null
    : { said: `other users cannot read ${stdout.trim()}`, advice: 'Run chmod -R a+rX on it.' };
}

async function wrapped(
  options: SandboxOptions,
  program: Program,
  user: User,
  filter: string,
  group: ControlGroup | null,
): Promise<Launch> {
  const { runtime } = options;
  const { args, prepare, writable } = await insideFiles(options, runtime, user, program.limitsSize);
  const inside = [
    ...[...rights(user, program), ...args, '--'],
    ...[...(await becoming(user, '/dev')), ...underLimits(options.limits), ...prepare],
  ];
  // If the kernel runs out of memory, it kills the candidate first.
  const start = [
    ...(group?.enter ?? []),
    'sh',
    '-c',
    `exec "$@" ${FILTER_DESCRIPTOR}<"$0"`,
    filter,
    'choom',
    '--adjust',
    '1000',
    '--',
  ];
  const wrap = [...start, program.path, ...inside];
  const command = [runtime.file, ...runtime.args];
  const [file = '', ...rest] = [
    ...[...start, program.path, '--json-status-fd', String(STATUS_DESCRIPTOR)],
    ...[...inside, ...command],
  ];
  return {
    kind: 'bubblewrap',
    file,
    args: rest,
    wrap,
    command,
    cwd: '/',
    env: options.env,
    workDir: WORK,
    writable,
    group,
  };
}

/**
 * Namespaces, and no capabilities. The sandbox's first process ends everything else when it ends, and is set to die with the runner. A
 * candidate cannot cancel that: the process belongs to another user or cannot be traced, and its folder in /proc is covered.
 */
function rights(user: User, program: Program): string[] {
  const id = String(user.id);
  return [
    ...NAMESPACES.map(kind => `--unshare-${kind}`),
    ...['--new-session', '--die-with-parent', '--cap-drop', 'ALL'],
    ...(user.isOwn
      ? BECOMING.flatMap(name => ['--cap-add', name])
      : [
          '--unshare-user',
          '--uid',
          id,
          '--gid',
          id,
          ...(program.disablesNamespaces ? ['--disable-userns'] : []),
        ]),
    ...['--seccomp', String(FILTER_DESCRIPTOR), '--hostname', 'trial'],
  ];
}

/** Throws SandboxUnavailable if bubblewrap is missing or too old. */
async function findBubblewrap(env: Record<string, string>): Promise<Program> {
  const path = await findProgram('bwrap', env);
  if (path === null) throw new SandboxUnavailable(`bubblewrap was not found. ${INSTALL}`);
  const { stdout } = await run(path, ['--version'], { env, cwd: '/' }).catch(() => ({ stdout: '' }));
  const [, major = '0', minor = '0'] = /(\d+)\.(\d+)/.exec(stdout) ?? [];
  const isSince = (least: string) => {
    const [leastMajor = 0, leastMinor = 0] = least.split('.').map(Number);
    return Number(major) > leastMajor || (Number(major) === leastMajor && Number(minor) >= leastMinor);
  };
  if (!isSince(OLDEST)) {
    throw new SandboxUnavailable(
      `The sandbox needs bubblewrap ${OLDEST} or newer, found ${stdout.trim() || 'an unknown version'} (${path}). Upgrade it: Debian 12, Ubuntu 22.04, Fedora and EL 9 have newer ones.`,
    );
  }
  return { path, limitsSize: isSince('0.7'), disablesNamespaces: isSince('0.8') };
}

/** Writes the system call filter and returns its path. */
async function writeFilter({ scratch, mayFork }: SandboxOptions): Promise<string> {
  const filter = systemCallFilter(process.arch, mayFork);
  if (filter === null) {
    throw new SandboxUnavailable(`The sandbox needs an x64 or arm64 processor, found ${process.arch}.`);
  }
  const path = join(scratch, 'system-calls.bpf');
  await writeFile(path, filter);
  return path;
}

interface Problem {
  said: string;
  /** What to do about it. */
  advice: string;
}

/** Runs a command that does nothing. Returns bubblewrap's error and what to do about it, or null if it works. */
async function testRun(
  [file = '', ...args]: readonly string[],
  env: Record<string, string>,
): Promise<Problem | null> {
  try {
    await run(file, args, { env, cwd: '/', timeout: 60_000 });
    return null;
  } catch (error) {
    const { code, stderr = '' } = error as { code?: string | number; stderr?: string };
    const said = stderr.trim() || (error as Error).message;
    return { said: said.slice(0, 200), advice: adviceOn(code, said) };
  }
}

function adviceOn(code: string | number | undefined, said: string): string {
  if (code === 'ENOENT' || /failed to execute|not found/.test(said)) {
    return INSTALL;
  }
  if (/mount proc/i.test(said)) {
    return 'In a container, /proc must not be masked (Docker: --security-opt systempaths=unconfined --security-opt seccomp=unconfined).';
  }
  if (/namespace|uid map|Operation not permitted|Permission denied/i.test(said)) {
    return 'Allow unprivileged user namespaces (Ubuntu: sysctl kernel.apparmor_restrict_unprivileged_userns=0; Debian: kernel.unprivileged_userns_clone=1; Docker: --security-opt seccomp=unconfined). See docs/sandbox.md.';
  }
  return 'See docs/sandbox.md.';
}
