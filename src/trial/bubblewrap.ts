/** The sandbox on Linux: bubblewrap with its own namespaces, and only those parts of the machine that the command needs. */
import { execFile } from 'node:child_process';
import { mkdir, readdir, readlink, writeFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';
import type { Launch, SandboxOptions } from './launch.ts';
import { type Limits, underLimits } from './limits.ts';
import { STATUS_DESCRIPTOR } from './process.ts';
import { findProgram, findRuntime, isInside, isThere, type Runtime, realPath, SYSTEM } from './runtime.ts';
import { systemCallFilter } from './system-calls.ts';

const run = promisify(execFile);

/** The candidate's working directory. */
const WORK = '/trial';
/** The directory that it can write to. */
const SCRATCH = '/tmp';
const HOME = '/tmp/home';
const USER_ID = '1000';

/** The whole content of /etc/passwd, which also identifies a process inside the sandbox. */
export const ONLY_USER = `trial:x:${USER_ID}:${USER_ID}::${HOME}:/bin/sh\n`;

/** Descriptor through which bubblewrap reads the system call filter. A shell can only redirect descriptors of one digit. */
const FILTER_DESCRIPTOR = 9;

/** The visible entries of /etc: where shared libraries are, which alternatives are chosen, the time zone. */
const ETC = ['ld.so.cache', 'ld.so.conf', 'ld.so.conf.d', 'alternatives', 'localtime'];

/** System folders outside /usr; on most machines they are links into it. */
const SYSTEM_LINKS = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'];

/** Installed packages that the training text may come from; they stay hidden. */
const PACKAGES = ['/usr/lib/node_modules', '/usr/local/lib/node_modules', '/usr/share/nodejs'];

/** The topology of processors and memory, which PyTorch's libraries read. */
const TOPOLOGY = ['/sys/devices/system/cpu', '/sys/devices/system/node'];

/** What CUDA reads about its devices. */
const GPU_FACTS = ['/sys/devices', '/sys/bus/pci', '/sys/module/nvidia', '/sys/module/nvidia_uvm'];

const INSTALL =
  'Install bubblewrap 0.8 or newer and util-linux (Debian, Ubuntu: sudo apt install bubblewrap util-linux).';

/** This machine cannot provide the sandbox. The message says what to install or configure. */
export class SandboxUnavailable extends Error {}

/**
 * Wraps the command in the sandbox. First starts the command's interpreter in it once, without the candidate, and throws
 * SandboxUnavailable if that does not work on this machine.
 */
export async function bubblewrap(options: SandboxOptions): Promise<Launch> {
  if (process.platform !== 'linux') {
    throw new SandboxUnavailable(
      `bubblewrap needs Linux, found ${process.platform}. Run trials on Linux, or set \`sandbox: none\` in the contract, which gives candidates access to this machine.`,
    );
  }
  const program = await findProgram('bwrap', options.env);
  if (program === null) throw new SandboxUnavailable(`bubblewrap was not found. ${INSTALL}`);
  const runtime = await findRuntime(options.command, options.env, options.env.HOME ?? '/');
  const filter = await writeFilter(options.scratch);
  const inside = await insideArguments(options, runtime);
  const wrap = (outside: readonly string[]) => [
    ...outerArguments(program, filter, outside),
    ...[program, ...inside, '--', ...underLimits(options.limits)],
  ];
  const { env } = options;
  await testRun([...wrap([]), ...(runtime.python ? [runtime.python, '-I', '-c', ''] : ['true'])], env);
  const command = [runtime.file, ...runtime.args];
  const [file = '', ...args] = [...wrap(['--json-status-fd', String(STATUS_DESCRIPTOR)]), ...command];
  return { kind: 'bubblewrap', file, args, wrap: wrap([]), command, cwd: '/', env, workDir: WORK };
}

/**
 * The outer of two sandboxes restricts nothing. Its first process ends everything else when it ends, and the inner sandbox can neither see,
 * trace nor stop it. Otherwise a candidate could cancel that process's instruction to die with the runner. If the kernel runs out of memory,
 * it kills the candidate first.
 */
function outerArguments(program: string, filter: string, more: readonly string[]): string[] {
  return [
    ...['sh', '-c', `exec "$@" ${FILTER_DESCRIPTOR}<"$0"`, filter],
    ...['choom', '--adjust', '1000', '--', program, '--dev-bind', '/', '/'],
    ...['--unshare-user', '--unshare-pid', '--die-with-parent', ...more, '--'],
  ];
}

/** Writes the system call filter and returns its path. */
async function writeFilter(scratch: string): Promise<string> {
  const filter = systemCallFilter(process.arch);
  if (filter === null) {
    throw new SandboxUnavailable(`The sandbox needs an x64 or arm64 processor, found ${process.arch}.`);
  }
  const path = join(scratch, 'system-calls.bpf');
  await writeFile(path, filter);
  return path;
}

async function insideArguments(options: SandboxOptions, runtime: Runtime): Promise<string[]> {
  const { limits, scratch, workDir } = options;
  return [
    ...['user', 'pid', 'net', 'ipc', 'uts', 'cgroup'].map(kind => `--unshare-${kind}`),
    ...['--new-session', '--die-with-parent', '--disable-userns', '--cap-drop', 'ALL'],
    ...['--seccomp', String(FILTER_DESCRIPTOR)],
    ...['--uid', USER_ID, '--gid', USER_ID, '--hostname', 'trial'],
    ...environment(runtime),
    ...(await system(limits)),
    ...(await files(options, runtime)),
    ...(await etc(join(scratch, 'etc'))),
    ...['--ro-bind', workDir, WORK],
    ...(await readable(options)),
    ...['--remount-ro', '/', '--chdir', WORK],
  ];
}

/** Further paths that the workflow lets the candidate read. Throws an error that names a missing path. */
async function readable({ readable: paths, machineHome }: SandboxOptions): Promise<string[]> {
  const binds: string[] = [];
  for (const path of paths) {
    const below = path.startsWith('~/') ? path.slice(2) : null;
    const source = below === null ? path : join(machineHome, below);
    if (!isAbsolute(source) || !(await isThere(source)))
      throw new Error(
        `readable: expected an existing path that is absolute or below ~, found ${path}. Fix it in the workflow.`,
      );
    binds.push('--ro-bind', source, below === null ? path : join(HOME, below));
  }
  return binds;
}

/** Scratch directory, devices and /proc. Only the scratch directory and shared memory are writable, and both are limited in size. */
async function system(limits: Limits): Promise<string[]> {
  const devices = await gpuDevices();
  const facts = devices.length > 0 ? [...TOPOLOGY, ...GPU_FACTS] : TOPOLOGY;
  return [
    ...tmpfs(SCRATCH, limits.scratchBytes),
    ...['--dir', HOME],
    // If the runner is root, a writable /proc would let the candidate set kernel parameters.
    ...['--proc', '/proc', '--remount-ro', '/proc', '--dev', '/dev'],
    ...tmpfs('/dev/shm', limits.sharedBytes),
    ...devices.flatMap(path => ['--dev-bind', path, path]),
    ...['--remount-ro', '/dev'],
    ...facts.toSorted().flatMap(path => ['--ro-bind-try', path, path]),
  ];
}

function tmpfs(path: string, bytes: number): string[] {
  return ['--size', String(Math.floor(bytes)), '--tmpfs', path];
}

async function gpuDevices(): Promise<string[]> {
  const names = await readdir('/dev').catch(() => []);
  return names.filter(name => name.startsWith('nvidia')).map(name => `/dev/${name}`);
}

/** System and runtime, read-only, with hidden paths inside them covered. Parents come before the paths inside them. */
async function files({ hidden }: SandboxOptions, runtime: Runtime): Promise<string[]> {
  const readable = [SYSTEM, ...runtime.paths];
  const never = await Promise.all([...hidden, ...PACKAGES].map(realPath));
  const steps = readable.map(path => ({ path, args: ['--ro-bind', path, path] }));
  const covers: string[] = [];
  for (const path of readable) {
    const real = await realPath(path);
    for (const secret of never) {
      if (real === secret || real === '/') {
        throw new SandboxUnavailable(
          `Python is installed in ${path}, which candidates must not read. Create a virtual environment and use its Python: python3 -m venv .venv`,
        );
      }
      if (!isInside(secret, real) || !(await isThere(secret))) continue;
      const cover = join(path, secret.slice(real.length));
      steps.push({ path: cover, args: ['--tmpfs', cover] });
      covers.push(cover);
    }
  }
  steps.sort((a, b) => a.path.length - b.path.length);
  return [
    ...steps.flatMap(step => step.args),
    ...covers.flatMap(cover => ['--remount-ro', cover]),
    ...(await links()),
  ];
}

async function links(): Promise<string[]> {
  const args: string[] = [];
  for (const path of SYSTEM_LINKS) {
    const target = await readlink(path).catch(() => null);
    if (target !== null) args.push('--symlink', target, path);
    else if (await isThere(path)) args.push('--ro-bind', path, path);
  }
  return args;
}

/** A user and a host name for libraries to look up, instead of the machine's own. */
async function etc(folder: string): Promise<string[]> {
  const own = {
    passwd: ONLY_USER,
    group: `trial:x:${USER_ID}:\n`,
    hosts: '127.0.0.1 localhost trial\n::1 localhost\n',
  };
  await mkdir(folder, { recursive: true });
  const args: string[] = [];
  for (const [name, text] of Object.entries(own)) {
    await writeFile(join(folder, name), text);
    args.push('--ro-bind', join(folder, name), `/etc/${name}`);
  }
  return [...args, ...ETC.flatMap(name => ['--ro-bind-try', `/etc/${name}`, `/etc/${name}`])];
}

function environment(runtime: Runtime): string[] {
  const own = { PATH: runtime.searchPath, HOME, TMPDIR: SCRATCH, USER: 'trial' };
  return Object.entries(own).flatMap(([name, value]) => ['--setenv', name, value]);
}

/** Runs a command that does nothing. Throws SandboxUnavailable with bubblewrap's error and what to do about it. */
async function testRun([file = '', ...args]: readonly string[], env: Record<string, string>): Promise<void> {
  try {
    await run(file, args, { env, cwd: '/', timeout: 60_000 });
  } catch (error) {
    const { code, stderr = '' } = error as { code?: string | number; stderr?: string };
    const said = stderr.trim() || (error as Error).message;
    throw new SandboxUnavailable(
      `The sandbox does not work here: ${said.slice(0, 200)}. ${advice(code, said)}`,
    );
  }
}

function advice(code: string | number | undefined, said: string): string {
  if (code === 'ENOENT' || /failed to execute|not found/.test(said)) {
    return INSTALL;
  }
  if (/Unknown option/i.test(said)) return 'Install bubblewrap 0.8 or newer (Ubuntu 24.04, Debian 12).';
  if (/mount proc/i.test(said)) {
    return 'In a container, /proc must not be masked (Docker: --security-opt systempaths=unconfined --security-opt seccomp=unconfined).';
  }
  if (/namespace|uid map|Operation not permitted|Permission denied/i.test(said)) {
    return 'Allow unprivileged user namespaces (Ubuntu: sysctl kernel.apparmor_restrict_unprivileged_userns=0; Debian: kernel.unprivileged_userns_clone=1). See docs/sandbox.md.';
  }
  return 'See docs/sandbox.md.';
}
