/** This checkout of autoresearch-bot: where it is, and the environment that its trainer needs. */
import { existsSync } from 'node:fs';
import path from 'node:path';

export const CHECKOUT = path.resolve(import.meta.dirname, '../..');

/** PATH with the checkout's Python first, and the prepared data unless the caller has chosen other data. */
export function trainerEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const bin = path.join(CHECKOUT, '.venv/bin');
  return {
    ...env,
    PATH: [bin, env.PATH ?? ''].join(path.delimiter),
    AUTORESEARCH_DATA: env.AUTORESEARCH_DATA || path.join(CHECKOUT, '.autoresearch/data'),
  };
}

/** Takes settings from the `.env` of the checkout, where there is one; what is set already stays. */
export function loadSettings(): void {
  const file = path.join(CHECKOUT, '.env');
  if (existsSync(file)) process.loadEnvFile(file);
}
