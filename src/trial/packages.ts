/**
 * The packages that a repository's program needs and that are not committed: the virtual environment and the `node_modules` of a checkout.
 * They belong to the machine, as the system's programs do, and no candidate can change them.
 */
import { dirname, join } from 'node:path';
import type { Command } from './command.ts';
import { isThere } from './paths.ts';

/** A folder of packages. */
export interface Packages {
  /** Path in the repository, such as `.venv` or `web/node_modules`. */
  name: string;
  /** Where it is on the machine. */
  path: string;
}

const ENVIRONMENTS = ['.venv', 'venv'];
/** Words of a command that are run by Node. */
const NODE_WORD =
  /(?:^|[\s/"'=;&|(])(?:node|npm|npx|pnpm|yarn|tsx|ts-node|vite|vitest|jest)(?=$|[\s"';&|)])|\.[cm]?[jt]sx?(?=$|[\s"';&|)])/;

/** Whether a command, or the repository it runs in, uses Node. `files` are the paths of the repository. */
export function usesNode(command: Command, files: readonly string[]): boolean {
  return files.includes('package.json') || NODE_WORD.test([command.file, ...command.args].join(' '));
}

/**
 * The packages of `checkout` beside the files at these paths. Node's are only looked for on request: text for training may have been taken
 * from them.
 */
export async function findPackages(
  checkout: string,
  files: readonly string[],
  withNode: boolean,
): Promise<Packages[]> {
  const committed = new Set(files.map(file => file.split('/')[0] ?? ''));
  const projects = files.filter(file => withNode && /(^|\/)package\.json$/.test(file)).map(dirname);
  const modules = withNode ? ['.', ...projects].map(folder => join(folder, 'node_modules')) : [];
  const names = [...new Set([...ENVIRONMENTS, ...modules])].filter(
    name => !committed.has(name) && !files.some(file => file.startsWith(`${name}/`)),
  );
  const found = await Promise.all(
    names.map(async name => {
      const path = join(checkout, name);
      const mark = ENVIRONMENTS.includes(name) ? join(path, 'pyvenv.cfg') : path;
      return (await isThere(mark)) ? [{ name, path }] : [];
    }),
  );
  return found.flat();
}

/** The environment with the programs of these packages first on PATH. An environment that is already active comes before the checkout's. */
export function withPackages(
  env: Record<string, string>,
  packages: readonly Packages[],
): Record<string, string> {
  const folders = packages.flatMap(({ name, path }) => {
    if (!ENVIRONMENTS.includes(name)) return [join(path, '.bin')];
    return env.VIRTUAL_ENV === undefined ? [join(path, 'bin')] : [];
  });
  return { ...env, PATH: [...folders, ...(env.PATH === undefined ? [] : [env.PATH])].join(':') };
}
