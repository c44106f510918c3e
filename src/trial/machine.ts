/** The machine class of a trial. Only trials of the same class are compared. */
import { execFile } from 'node:child_process';
import { cpus } from 'node:os';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import type { Command } from './command.ts';

const run = promisify(execFile);

const PYTHON_PROBE = `
import importlib.metadata, platform
print("python", platform.python_version())
try:
    print("torch", importlib.metadata.version("torch"))
except importlib.metadata.PackageNotFoundError:
    pass
`;

/**
 * A text such as `NVIDIA H100 80GB HBM3 x1, driver 580.95, python 3.12.3, torch 2.9.1`, at most 200 characters long. `env` is the candidate's
 * environment, which decides the visible devices and the Python. `cwd` must not contain files of the candidate. Never throws; unknown parts
 * are left out.
 */
export async function machineClass(
  command: Command,
  env: Record<string, string>,
  cwd: string,
): Promise<string> {
  const [device, framework] = await Promise.all([gpus(env), pythonVersions(command, env, cwd)]);
  return [device ?? processor(), ...framework].join(', ').slice(0, 200);
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

/** Reads versions from package metadata, because importing torch would take seconds. */
async function pythonVersions(command: Command, env: Record<string, string>, cwd: string): Promise<string[]> {
  if (!/^python[\d.]*$/.test(basename(command.file))) return [];
  const probe = await run(command.file, ['-I', '-c', PYTHON_PROBE], { env, cwd, timeout: 20_000 }).catch(
    () => null,
  );
  return probe ? probe.stdout.trim().split('\n') : [];
}
