/** What /proc and /sys tell a candidate about the machine: constant facts, and no counters or other state. */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { dirname, join } from 'node:path';

/** Entries of /proc that stay visible. All others are covered, except processes and links to the reader's own. */
const PROC_KEPT = ['devices', 'driver', 'filesystems', 'version'];

/** Kernel parameters that libraries read. They are copied, so they do not change during a trial. */
const PARAMETERS = [
  'crypto/fips_enabled',
  ...['file-max', 'nr_open', 'pipe-max-size'].map(name => `fs/${name}`),
  ...['cap_last_cap', 'ngroups_max', 'numa_balancing', 'osrelease', 'ostype', 'pid_max', 'version'].map(
    name => `kernel/${name}`,
  ),
  'net/core/somaxconn',
  ...['max_map_count', 'overcommit_memory', 'overcommit_ratio'].map(name => `vm/${name}`),
];
/** A new random number on each read. */
const RANDOM_NUMBER = 'kernel/random/uuid';

const READ_BY_OTHERS = 0o004;

const SYSTEM_FACTS = '/sys/devices/system';
/** The processors, and how they share caches and memory. Not their idle counters and frequencies. */
const TOPOLOGY = [
  /^(cpu|node)\/(online|offline|possible|present|kernel_max|isolated|has_\w+)$/,
  /^(cpu|node)\/(cpu|node)\d+$/,
  /^cpu\/cpu\d+\/(online|node\d+|(topology|cache)(\/index\d+)?(\/[a-z_]+)?)$/,
  /^node\/node\d+\/(cpulist|cpumap|distance|cpu\d+)$/,
];
const CHANGING = /\/(power|uevent)$/;

/** A file or folder to mount in place of another. */
export interface Bind {
  from: string;
  to: string;
}

/**
 * Mounts that replace the machine's facts with constant ones, which are written to `folder`. `isRoot`: to the kernel, the candidate is
 * root's user, and can read entries that are only for root.
 */
export async function constantFacts(folder: string, memoryBytes: number, isRoot: boolean): Promise<Bind[]> {
  const nothing = join(folder, 'nothing');
  const empty = join(folder, 'empty');
  await rm(folder, { recursive: true, force: true });
  await mkdir(nothing, { recursive: true });
  await writeFile(empty, '');
  const own = await writeProc(join(folder, 'proc'), memoryBytes);
  const readable = (await readProc()).filter(
    ({ mode }) => mode !== 0 && (isRoot || (mode & READ_BY_OTHERS) !== 0),
  );
  const covers = readable
    .filter(({ name }) => !PROC_KEPT.includes(name) && !own.includes(name))
    .map(({ name, isFolder }) => ({ from: isFolder ? nothing : empty, to: `/proc/${name}` }));
  const stated = own.map(name => ({ from: join(folder, 'proc', name), to: `/proc/${name}` }));
  const system = await copySystem(join(folder, 'sys'), memoryBytes);
  // The environment, mounts and memory of the sandbox's first process.
  const first = { from: nothing, to: '/proc/1' };
  const random = `/proc/sys/${RANDOM_NUMBER}`;
  return [...covers, ...stated, { from: random, to: random }, first, ...system];
}

/** Entries of /proc that are neither processes nor links to the reader's own. */
async function readProc(): Promise<{ name: string; isFolder: boolean; mode: number }[]> {
  const entries = await readdir('/proc', { withFileTypes: true });
  const shared = entries.filter(entry => !/^\d+$/.test(entry.name) && !entry.isSymbolicLink());
  return Promise.all(
    shared.map(async entry => {
      // An entry that has disappeared cannot be covered.
      const mode = await stat(`/proc/${entry.name}`).then(
        ({ mode }) => mode,
        () => 0,
      );
      return { name: entry.name, isFolder: entry.isDirectory(), mode };
    }),
  );
}

/** Writes constant entries of /proc and returns their names. */
async function writeProc(folder: string, memoryBytes: number): Promise<string[]> {
  const count = cpus().length;
  const zeros = ' 0'.repeat(10);
  const lines = Array.from({ length: count }, (_, index) => `cpu${index}${zeros}`);
  const own: Record<string, string> = {
    cpuinfo: (await read('/proc/cpuinfo')).replaceAll(/^(cpu MHz\s*:).*$/gm, '$1 1000.000'),
    loadavg: '0.00 0.00 0.00 1/1 1\n',
    meminfo: memory('', totalmem(), memoryBytes),
    stat: `cpu ${zeros}\n${lines.join('\n')}\nintr 0\nctxt 0\nbtime 0\nprocesses 1\nprocs_running 1\nprocs_blocked 0\n`,
    uptime: `${(await read('/proc/uptime')).split(' ')[0]} 0.00\n`,
    'sys/kernel/hostname': 'trial\n',
    'sys/kernel/random/boot_id': `${randomUUID()}\n`,
    [`sys/${RANDOM_NUMBER}`]: '',
  };
  for (const name of PARAMETERS) {
    const value = await read(`/proc/sys/${name}`);
    if (value !== '') own[`sys/${name}`] = value;
  }
  for (const [name, text] of Object.entries(own)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return readdir(folder);
}

/** Free memory is always the candidate's limit. */
function memory(prefix: string, totalBytes: number, freeBytes: number): string {
  const amounts = {
    MemTotal: totalBytes,
    MemFree: freeBytes,
    ...(prefix ? {} : { MemAvailable: freeBytes }),
  };
  const none = prefix ? [] : ['Buffers', 'Cached', 'SwapCached', 'SwapTotal', 'SwapFree', 'Shmem', 'Slab'];
  const all = [...Object.entries(amounts), ...none.map(name => [name, 0] as const)];
  return all.map(([name, bytes]) => `${prefix}${name}: ${Math.floor(bytes / 1024)} kB\n`).join('');
}

/** Copies what /sys says about processors and memory. Returns the mounts. */
async function copySystem(folder: string, memoryBytes: number): Promise<Bind[]> {
  const binds: Bind[] = [];
  for (const name of ['cpu', 'node']) {
    if (!(await copyFacts(name, folder))) continue;
    binds.push({ from: join(folder, name), to: join(SYSTEM_FACTS, name) });
  }
  const nodes = (await readdir(join(folder, 'node')).catch(() => [])).filter(name => /^node\d+$/.test(name));
  for (const node of nodes) {
    const text = memory(`Node ${node.slice(4)} `, totalmem() / nodes.length, memoryBytes / nodes.length);
    await writeFile(join(folder, 'node', node, 'meminfo'), text);
  }
  return binds;
}

/** Copies the constant parts of a folder of /sys. False if the folder does not exist. */
async function copyFacts(path: string, folder: string): Promise<boolean> {
  const entries = await readdir(join(SYSTEM_FACTS, path), { withFileTypes: true }).catch(() => null);
  if (entries === null) return false;
  await mkdir(join(folder, path), { recursive: true });
  for (const entry of entries) {
    const below = `${path}/${entry.name}`;
    if (!TOPOLOGY.some(pattern => pattern.test(below)) || CHANGING.test(below)) continue;
    const [from, to] = [join(SYSTEM_FACTS, below), join(folder, below)];
    if (entry.isDirectory()) await copyFacts(below, folder);
    else if (entry.isSymbolicLink()) await symlink(await readlink(from), to);
    else await writeFile(to, await read(from));
  }
  return true;
}

/** A file's text; empty if it does not exist or cannot be read. */
async function read(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}
