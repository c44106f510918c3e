/** The environment of a candidate: a short list of variables, so that it never contains a token of the job. */

import { join } from 'node:path';

/** Variables of the machine that training needs and that hold no secrets. */
const MACHINE_VARIABLES = [
  'PATH',
  'LANG',
  'LC_ALL',
  'LC_CTYPE',
  'TZ',
  'LD_LIBRARY_PATH',
  'VIRTUAL_ENV',
  'CUDA_HOME',
  'CUDA_VISIBLE_DEVICES',
  'CUDA_DEVICE_ORDER',
  'NVIDIA_VISIBLE_DEVICES',
  'HIP_VISIBLE_DEVICES',
  'OMP_NUM_THREADS',
  'MKL_NUM_THREADS',
  'AUTORESEARCH_DATA',
] as const;

export interface TrialEnvironment {
  /** Environment of the process that measures. */
  machine: NodeJS.ProcessEnv;
  /** The trial's own directories. */
  home: string;
  temporary: string;
  seed: number;
  budgetSeconds: number;
}

/** Picks only the listed variables. */
export function pickMachineVariables(machine: NodeJS.ProcessEnv): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const name of MACHINE_VARIABLES) {
    const value = machine[name];
    if (value !== undefined) picked[name] = value;
  }
  return picked;
}

/** The complete environment of the candidate's command. */
export function trialEnvironment(options: TrialEnvironment): Record<string, string> {
  const { HOME: home } = options.machine;
  return {
    // The candidate has an empty home, so the data in the machine's home must be named.
    ...(home ? { AUTORESEARCH_DATA: join(home, '.cache', 'autoresearch', 'data') } : {}),
    ...pickMachineVariables(options.machine),
    HOME: options.home,
    TMPDIR: options.temporary,
    PYTHONUNBUFFERED: '1',
    AUTORESEARCH_SEED: String(options.seed),
    AUTORESEARCH_BUDGET: String(options.budgetSeconds),
  };
}
