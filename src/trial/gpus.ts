/** What the machine says about its GPUs. */
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const TIMEOUT_MS = 20_000;

export interface Gpu {
  index: string;
  name: string;
  driver: string;
  /** In MB; NaN if the driver does not say. */
  totalMb: number;
  usedMb: number;
  /** Memory errors that could not be corrected, since the driver was loaded; NaN if unknown. */
  memoryErrors: number;
  /** Other programs' processes on it, as far as this machine can see them. */
  processes: { pid: string; usedMb: number }[];
}

export type Gpus =
  /** There is no driver to ask, or it may not be used. */
  | { kind: 'none' }
  /** The driver does not answer. `said`: its words. `hasDevices`: there are devices all the same. */
  | { kind: 'broken'; said: string; hasDevices: boolean }
  | { kind: 'some'; gpus: Gpu[] };

const FIELDS = [
  'index',
  'uuid',
  'name',
  'driver_version',
  'memory.total',
  'memory.used',
  'ecc.errors.uncorrected.volatile.total',
];

/** The GPUs that `env` lets a program see (CUDA_VISIBLE_DEVICES). */
export async function askGpus(env: Record<string, string>): Promise<Gpus> {
  const visible = env.CUDA_VISIBLE_DEVICES;
  if (visible?.trim() === '' || visible?.trim() === '-1') return { kind: 'none' };
  const query = (what: string) =>
    run('nvidia-smi', [what, '--format=csv,noheader,nounits'], { env, timeout: TIMEOUT_MS });
  try {
    const { stdout } = await query(`--query-gpu=${FIELDS.join(',')}`);
    const wanted = visible?.split(',').map(id => id.trim());
    const rows = cells(stdout).filter(
      ([index = '', uuid = '']) => wanted?.some(id => id === index || uuid.startsWith(id)) ?? true,
    );
    if (rows.length === 0) return { kind: 'none' };
    const apps = cells(
      await query('--query-compute-apps=gpu_uuid,pid,used_memory').then(
        ({ stdout }) => stdout,
        () => '',
      ),
    );
    const gpus = rows.map(([index = '', uuid = '', name = '', driver = '', total, used, errors]) => ({
      index,
      name,
      driver,
      totalMb: Number(total ?? NaN),
      usedMb: Number(used ?? NaN),
      memoryErrors: Number(errors ?? NaN),
      processes: apps
        .filter(([owner]) => owner === uuid)
        .map(([, pid = '', size]) => ({ pid, usedMb: Number(size ?? NaN) })),
    }));
    return { kind: 'some', gpus };
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as { code?: unknown; stdout?: string; stderr?: string };
    if (code === 'ENOENT') return { kind: 'none' };
    const names = await readdir('/dev').catch((): string[] => []);
    const said = `${stdout} ${stderr}`.trim().replaceAll(/\s+/g, ' ') || (error as Error).message;
    return {
      kind: 'broken',
      said: said.slice(0, 200),
      hasDevices: names.some(name => /^nvidia\d+$/.test(name)),
    };
  }
}

function cells(csv: string): string[][] {
  const lines = csv
    .trim()
    .split('\n')
    .filter(line => line.trim() !== '');
  return lines.map(line => line.split(',').map(cell => cell.trim()));
}
