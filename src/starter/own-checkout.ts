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

/**
 * The environment of whoever started us through npm, which puts this checkout's programs, its Node among them, before the user's own. Other
 * repositories run on the user's.
 */
export function userEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const folders = (env.PATH ?? '').split(path.delimiter).filter(folder => !isAddedByNpm(folder));
  return { ...env, PATH: folders.join(path.delimiter) };
}

/** npm adds `node_modules/.bin` of the package and of every folder above it, and a folder of its own. */
function isAddedByNpm(folder: string): boolean {
  if (/node-gyp-bin\/?$/.test(folder)) return true;
  const owner = /^(.*)\/node_modules\/\.bin\/?$/.exec(folder)?.[1];
  return owner !== undefined && (owner === CHECKOUT || CHECKOUT.startsWith(`${owner}/`));
}

/** Loads settings from the checkout's `.env`, if it exists. Variables that are already set keep their values. */
export function loadSettings(): void {
  const file = path.join(CHECKOUT, '.env');
  if (existsSync(file)) process.loadEnvFile(file);
}
