/** The files and environment inside the sandbox, as arguments for bubblewrap. */
import { chmod, mkdir, readdir, readlink, writeFile } from 'node:fs/promises';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { constantFacts } from './facts.ts';
import type { SandboxOptions } from './launch.ts';
import type { Limits } from './limits.ts';
import { isInside, isThere, realPath, SYSTEM } from './paths.ts';
import { findReadable } from './readable.ts';
import type { Runtime } from './runtime.ts';
import type { User } from './user.ts';
import { workMounts } from './work-folder.ts';

/** The candidate's working directory. */
export const WORK = '/trial';
/** The directory that it can write to. */
const SCRATCH = '/tmp';
const HOME = '/tmp/home';
const SHARED_MEMORY = '/dev/shm';
/** Where the files of caches are. Programs find them at the caches' own paths, by links. */
const CACHES = '/caches';

/** The visible entries of /etc: where shared libraries are, which alternatives are chosen, the time zone. */
const ETC = ['ld.so.cache', 'ld.so.conf', 'ld.so.conf.d', 'alternatives', 'localtime'];

/** System folders outside /usr; on most machines they are links into it. */
const SYSTEM_LINKS = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'];

/** Installed packages that the training text may come from; they stay hidden. */
const PACKAGES = ['/usr/lib/node_modules', '/usr/local/lib/node_modules', '/usr/share/nodejs'];

/** Documentation, which no program needs and a model could be trained on. */
const TEXTS = ['doc', 'man', 'info'].flatMap(name => [`/usr/share/${name}`, `/usr/local/share/${name}`]);

/** What CUDA reads about its devices. */
const GPU_FACTS = ['/sys/devices', '/sys/bus/pci', '/sys/module/nvidia', '/sys/module/nvidia_uvm'];

/** This machine cannot provide the sandbox. The message says what to install or configure. */
export class SandboxUnavailable extends Error {}

/** Everything that a candidate finds, as arguments for bubblewrap. */
export interface Inside {
  args: string[];
  /** Arguments before the command that fill folders in memory; none if there is nothing to fill. */
  prepare: string[];
  /** Folders in memory that the candidate can write to and that are limited in size together. */
  writable: string[];
}

/** The candidate's whole file system and environment. Writes files for it into the trial's scratch directory. */
export async function insideFiles(
  options: SandboxOptions,
  runtime: Runtime,
  user: User,
  canLimitSize: boolean,
): Promise<Inside> {
  const { limits, scratch } = options;
  const memory = (path: string) => inMemory(path, limits.scratchBytes, canLimitSize);
  const [own, base, names, work, more] = await Promise.all([
    system(limits, user, canLimitSize, join(scratch, 'facts')),
    files(options, runtime),
    etc(join(scratch, 'etc'), user),
    workFolder(options, runtime, memory),
    readable(options, memory),
  ]);
  return {
    args: [
      ...environment({ ...runtime.variables, ...more.variables }, runtime),
      ...own,
      ...base,
      ...names,
      ...work.args,
      ...more.args,
      ...['--remount-ro', '/', '--chdir', WORK],
    ],
    prepare:
      more.layers.length === 0
        ? []
        : ['sh', '-c', FILL, 'sh', String(more.layers.length), ...more.layers.flat()],
    writable: [SCRATCH, ...work.writable, ...more.writable],
  };
}

/** Links every file of one folder into another, for each of the pairs of folders that follow their number. Then runs the rest. */
const FILL = `n=$1; shift
while [ "$n" -gt 0 ]; do mkdir -p "$2"; cp -rs "$1/." "$2"; shift 2; n=$((n - 1)); done
exec "$@"`;

function inMemory(path: string, bytes: number, canLimitSize: boolean): string[] {
  return [
    ...(canLimitSize ? ['--size', String(Math.floor(bytes))] : []),
    ...['--perms', '1777', '--tmpfs', path],
  ];
}

/** The assembled directory with the checkout's packages. If it is writable, then beside what was committed. */
async function workFolder(
  { workDir, isWorkWritable }: SandboxOptions,
  { packages }: Runtime,
  memory: (path: string) => string[],
) {
  // A mount in a folder that is read-only needs a place.
  for (const { name } of packages) await mkdir(join(workDir, name), { recursive: true });
  const all = isWorkWritable ? await workMounts(workDir) : [{ path: '.', kind: 'read-only' as const }];
  const mounts = all.filter(({ path }) => !packages.some(({ name }) => name === path));
  const writable = mounts.filter(({ kind }) => kind === 'memory').map(({ path }) => join(WORK, path));
  const args = mounts.flatMap(({ path, kind }) =>
    kind === 'memory' ? memory(join(WORK, path)) : ['--ro-bind', join(workDir, path), join(WORK, path)],
  );
  const places = packages.flatMap(({ name, path }) => ['--ro-bind', path, join(WORK, name)]);
  return { args: ['--perms', '0755', '--dir', dirname(WORK), ...args, ...places], writable };
}

/** Whether this is the whole content of /etc/passwd inside the sandbox, which identifies a process in it. */
export function isOnlyUser(passwd: string): boolean {
  return new RegExp(`^trial:x:(\\d+):\\1::${HOME}:/bin/sh\\n$`).test(passwd);
}

/** A read-only file or folder. Debian's bubblewrap 0.8 creates missing parents that only root can enter, so they are created first. */
function readOnly(from: string, to: string, how = '--ro-bind'): string[] {
  return ['--perms', '0755', '--dir', dirname(to), how, from, to];
}

/** What the workflow and the machine's caches add. Throws an error that names a missing path. */
async function readable(options: SandboxOptions, memory: (path: string) => string[]) {
  const { readable: listed, caches, hidden, machineHome, scratch } = options;
  const found = await findReadable({ listed, caches, hidden, machineHome, home: HOME });
  const nothing = join(scratch, 'nothing');
  await writeFile(nothing, '');
  await chmod(nothing, 0o644);
  const args: string[] = [];
  const layers: [string, string][] = [];
  const writable: string[] = [];
  for (const [index, { from, to, isLayered }] of found.places.entries()) {
    const at = isLayered ? join(CACHES, String(index)) : to;
    args.push(...readOnly(from, at));
    for (const secret of found.secrets.filter(path => isInside(path, from)))
      args.push('--ro-bind', nothing, join(at, secret.slice(from.length)));
    if (!isLayered) continue;
    layers.push([at, to]);
    if (isInside(to, SCRATCH)) continue;
    args.push('--perms', '0755', '--dir', dirname(to), ...memory(to));
    writable.push(to);
  }
  return { args, layers, writable, variables: found.variables };
}

/** Scratch directory, devices and /proc. Only the scratch directory and shared memory are writable, and both are limited in size. */
async function system(limits: Limits, user: User, canLimitSize: boolean, folder: string): Promise<string[]> {
  const devices = await gpuDevices();
  const isRoot = process.getuid?.() === 0 && !user.isOwn;
  const facts = await constantFacts(folder, limits.memoryBytes, isRoot);
  return [
    ...inMemory(SCRATCH, limits.scratchBytes, canLimitSize),
    // bubblewrap cannot make another user the owner.
    ...['--perms', user.isOwn ? '0777' : '0755', '--dir', HOME],
    ...['--proc', '/proc', '--dev', '/dev'],
    ...inMemory(SHARED_MEMORY, limits.sharedBytes, canLimitSize),
    ...devices.flatMap(path => ['--dev-bind', path, path]),
    ...['--remount-ro', '/dev'],
    ...(devices.length > 0 ? GPU_FACTS : []).flatMap(path => readOnly(path, path, '--ro-bind-try')),
    ...facts.flatMap(({ from, to }) =>
      to.startsWith('/proc/') ? ['--ro-bind', from, to] : readOnly(from, to),
    ),
    // If the candidate is root's user, a writable /proc would let it set kernel parameters.
    ...['--remount-ro', '/proc'],
  ];
}

async function gpuDevices(): Promise<string[]> {
  const names = await readdir('/dev').catch(() => []);
  return names.filter(name => name.startsWith('nvidia')).map(name => `/dev/${name}`);
}

/** System and runtime, read-only, with hidden paths inside them covered. Parents come before the paths inside them. */
async function files({ hidden }: SandboxOptions, runtime: Runtime): Promise<string[]> {
  const readable = [SYSTEM, ...runtime.paths];
  const never = await Promise.all([...hidden, ...PACKAGES, ...TEXTS].map(realPath));
  const steps = readable.map(path => ({ path, args: readOnly(path, path) }));
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
async function etc(folder: string, { id }: User): Promise<string[]> {
  const own = {
    passwd: `trial:x:${id}:${id}::${HOME}:/bin/sh\n`,
    group: `trial:x:${id}:\n`,
    hosts: '127.0.0.1 localhost trial\n::1 localhost\n',
  };
  await mkdir(folder, { recursive: true });
  const args: string[] = [];
  for (const [name, text] of Object.entries(own)) {
    const path = join(folder, name);
    await writeFile(path, text);
    await chmod(path, 0o644);
    args.push(...readOnly(path, `/etc/${name}`));
  }
  return [...args, ...ETC.flatMap(name => ['--ro-bind-try', `/etc/${name}`, `/etc/${name}`])];
}

function environment(variables: Record<string, string>, { folders }: Runtime): string[] {
  const path = folders.map(folder => (isAbsolute(folder) ? folder : join(WORK, folder))).join(delimiter);
  const own = { ...variables, PATH: path, HOME, TMPDIR: SCRATCH, USER: 'trial' };
  return Object.entries(own).flatMap(([name, value]) => ['--setenv', name, value]);
}
