/** The machine class of a trial. Only trials of the same class are compared. */
import { cpus } from 'node:os';
import type { Gpus } from './gpus.ts';

/**
 * A text such as `NVIDIA H100 80GB HBM3 x1, driver 580.95, python 3.12.3, torch 2.9.1`, at most 200 characters long: the device, and the
 * versions of what the command runs on.
 */
export function machineClass(gpus: Gpus, versions: readonly string[]): string {
  return [deviceOf(gpus), ...versions].join(', ').slice(0, 200);
}

function deviceOf(found: Gpus): string {
  const gpus = found.kind === 'some' ? found.gpus : [];
  const [first] = gpus;
  if (!first) return processor();
  const names = [...new Set(gpus.map(({ name }) => name))].join(' + ');
  return `${names} x${gpus.length}, driver ${first.driver}`;
}

function processor(): string {
  const cores = cpus();
  const model = cores[0]?.model.trim().replaceAll(/\s+/g, ' ') || 'unknown CPU';
  return `${model} x${cores.length}, ${process.platform} ${process.arch}`;
}
