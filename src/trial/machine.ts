/** The machine class of a trial. Only trials of the same class are compared. */
import { execFile } from 'node:child_process';
import { cpus } from 'node:os';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * A text such as `NVIDIA H100 80GB HBM3 x1, driver 580.95, python 3.12.3, torch 2.9.1`, at most 200 characters long: the device, and the
 * versions of what the command runs on. `env` is the candidate's environment, which decides about the visible devices.
 */
export async function machineClass(
  env: Record<string, string>,
  versions: readonly string[],
): Promise<string> {
  return [(await gpus(env)) ?? processor(), ...versions].join(', ').slice(0, 200);
}

async function gpus(env: Record<string, string>): Promise<string | null> {
  const visible = env.CUDA_VISIBLE_DEVICES;
  if (visible?.trim() === '' || visible?.trim() === '-1') return null;
  const query = ['--query-gpu=index,uuid,name,driver_version', '--format=csv,noheader'];
  const listed = await run('nvidia-smi', query, { env, timeout: 20_000 }).catch(() => null);
  if (!listed) return null;
  const wanted = visible?.split(',').map(id => id.trim());
  const devices = listed.stdout
    .trim()
    .split('\n')
    .map(line => line.split(',').map(cell => cell.trim()))
    .filter(([index = '', uuid = '']) => wanted?.some(id => id === index || uuid.startsWith(id)) ?? true);
  const [first] = devices;
  if (!first) return null;
  const names = [...new Set(devices.map(([, , name]) => name))].join(' + ');
  return `${names} x${devices.length}, driver ${first[3]}`;
}

function processor(): string {
  const cores = cpus();
  const model = cores[0]?.model.trim().replaceAll(/\s+/g, ' ') || 'unknown CPU';
  return `${model} x${cores.length}, ${process.platform} ${process.arch}`;
}
