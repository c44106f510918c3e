/** The files and environment inside the sandbox, as arguments for bubblewrap. */
import { chmod, mkdir, readdir, readlink, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { constantFacts } from './facts.ts';
import type { SandboxOptions } from './launch.ts';
import type { Limits } from './limits.ts';
import { isInside, isThere, type Runtime, realPath, SYSTEM } from './runtime.ts';
import type { User } from './user.ts';

/** The candidate's working directory. */
export const WORK = '/trial';
/** The directory that it can write to. */
const SCRATCH = '/tmp';
const HOME = '/tmp/home';
const SHARED_MEMORY = '/dev/shm';

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

/** The candidate's whole file system and environment. Writes files for it into the trial's scratch directory. */
export async function insideFiles(
  options: SandboxOptions,
  runtime: Runtime,
  user: User,
  canLimitSize: boolean,
): Promise<string[]> {
  const { limits, scratch, workDir } = options;
  return [
    ...environment(runtime),
    ...(await system(limits, user, canLimitSize, join(scratch, 'facts'))),
    ...(await files(options, runtime)),
    ...(await etc(join(scratch, 'etc'), user)),
    ...readOnly(workDir, WORK),
    ...(await readable(options)),
    ...['--remount-ro', '/', '--chdir', WORK],
  ];
}

/** Whether this is the whole content of /etc/passwd inside the sandbox, which identifies a process in it. */
export function isOnlyUser(passwd: string): boolean {
  return new RegExp(`^trial:x:(\\d+):\\1::${HOME}:/bin/sh\\n$`).test(passwd);
}

/** A read-only file or folder. Debian's bubblewrap 0.8 creates missing parents that only root can enter, so they are created first. */
function readOnly(from: string, to: string, how = '--ro-bind'): string[] {
  return ['--perms', '0755', '--dir', dirname(to), how, from, to];
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
    binds.push(...readOnly(source, below === null ? path : join(HOME, below)));
  }
  return binds;
}

/** Scratch directory, devices and /proc. Only the scratch directory and shared memory are writable, and both are limited in size. */
async function system(limits: Limits, user: User, canLimitSize: boolean, folder: string): Promise<string[]> {
  const devices = await gpuDevices();
  const isRoot = process.getuid?.() === 0 && !user.isOwn;
  const facts = await constantFacts(folder, limits.memoryBytes, isRoot);
  const tmpfs = (path: string, bytes: number) => [
    ...(canLimitSize ? ['--size', String(Math.floor(bytes))] : []),
    ...['--perms', '1777', '--tmpfs', path],
  ];
  return [
    ...tmpfs(SCRATCH, limits.scratchBytes),
    // bubblewrap cannot make another user the owner.
    ...['--perms', user.isOwn ? '0777' : '0755', '--dir', HOME],
    ...['--proc', '/proc', '--dev', '/dev'],
    ...tmpfs(SHARED_MEMORY, limits.sharedBytes),
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

function environment(runtime: Runtime): string[] {
  const own = { PATH: runtime.searchPath, HOME, TMPDIR: SCRATCH, USER: 'trial' };
  return Object.entries(own).flatMap(([name, value]) => ['--setenv', name, value]);
}
