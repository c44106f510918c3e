/** This checkout of autoresearch-bot, and the environment that its trainer needs. */
import { existsSync } from 'node:fs';
import path from 'node:path';

export const CHECKOUT = path.resolve(import.meta.dirname, '../..');

/** The environment with the checkout's Python first in PATH, and its prepared data unless AUTORESEARCH_DATA is set. */
export function trainerEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const bin = path.join(CHECKOUT, '.venv/bin');
  return {
    ...env,
    PATH: [bin, env.PATH ?? ''].join(path.delimiter),
    AUTORESEARCH_DATA: env.AUTORESEARCH_DATA || path.join(CHECKOUT, '.autoresearch/data'),
  };
}

/** Loads settings from the checkout's `.env`, if it exists. Variables that are already set keep their values. */
export function loadSettings(): void {
  const file = path.join(CHECKOUT, '.env');
  if (existsSync(file)) process.loadEnvFile(file);
}
