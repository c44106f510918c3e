/** Finds what a command needs from the machine: its programs, and Python or Node with their libraries and packages. */
import { realpath } from 'node:fs/promises';
import { basename, delimiter, dirname, isAbsolute, join } from 'node:path';
import type { Command } from './command.ts';
import { askNode, askPython, type Interpreter, type Python } from './interpreters.ts';
import { type Packages, withPackages } from './packages.ts';
import { findProgram, isInside, isSystem, isThere, outermost, searchPath } from './paths.ts';

export { findProgram } from './paths.ts';

export interface Runtime {
  /** The resolved program of the command. */
  file: string;
  args: string[];
  /** Folders and files of the machine that must be readable, at the same paths. */
  paths: string[];
  /** The packages of the checkout, which belong in the working directory. */
  packages: readonly Packages[];
  /** Folders that come first on a PATH that leads to the same programs. Those of packages are relative to the working directory. */
  folders: string[];
  /** The Python that the command runs, or would run as `python3`; null if there is none. */
  python: string | null;
  /** The versions of what the command runs on, such as `python 3.12.3`, for the machine's class. */
  versions: string[];
  /** Further variables that programs need to find the same environment. */
  variables: Record<string, string>;
}

export interface RuntimeOptions {
  /** Must not contain files of the candidate. */
  cwd: string;
  packages?: readonly Packages[];
  /** Whether the command, or a script that it starts, runs on Node. */
  usesNode?: boolean;
}

/** Programs that a script may call without the command naming them, and that work as a single file. */
const LAUNCHERS = ['uv'];
const PYTHON = /^python[\d.]*$/;
/** Words of a command that are found by themselves. */
const INTERPRETERS = /^(?:python[\d.]*|node|npm|npx)$/;

/** Resolves the command with the PATH in `env`. Throws an error that names a missing program. */
export async function findRuntime(
  command: Command,
  machine: Record<string, string>,
  { cwd, packages = [], usesNode = false }: RuntimeOptions,
): Promise<Runtime> {
  const env = withPackages(machine, packages);
  const file = command.throughShell ? command.file : await programOf(command, env, packages);
  const [python, node, launchers] = await Promise.all([
    pythonOf(command, file, env, cwd),
    usesNode ? nodeOf(env, cwd) : null,
    launchersOf(command, file, env),
  ]);
  const isPython = !command.throughShell && PYTHON.test(basename(command.file));
  const program = isPython && python !== null ? python.executable : await unshimmed(file, [python, node]);
  const libraries = (env.LD_LIBRARY_PATH ?? '').split(delimiter).filter(isAbsolute);
  const homes = env.CUDA_HOME === undefined ? [] : [env.CUDA_HOME];
  const wanted = [...(python?.paths ?? []), ...(python ? [python.executable] : []), ...(node?.paths ?? [])];
  const isNpm = (path: string) => isSystem(path) && node?.paths.includes(path);
  return {
    file: insideWork(program, packages),
    args: command.args,
    paths: (await outermost([...wanted, ...launchers, ...libraries, ...homes])).filter(
      path => !isSystem(path) || isNpm(path),
    ),
    packages,
    folders: [
      ...new Set([
        ...packages.filter(({ name }) => isModules(name)).map(({ name }) => join(name, '.bin')),
        ...[python, node].flatMap(each => (each ? [dirname(each.executable)] : [])).filter(isPrivate),
        ...launchers.map(dirname).filter(isPrivate),
        ...searchPath(env).filter(isSystem),
        ...['/usr/bin', '/bin'],
      ]),
    ],
    python: python?.executable ?? null,
    versions: [...(isOnlyNode(command) ? [] : (python?.versions ?? [])), ...(node?.versions ?? [])],
    variables: python?.environment == null ? {} : { UV_PROJECT_ENVIRONMENT: python.environment },
  };
}

/** The interpreter's own program, or a launcher beside it such as torchrun or npm, instead of a shim or link to it. */
async function unshimmed(file: string, interpreters: readonly (Interpreter | null)[]): Promise<string> {
  if (!isAbsolute(file)) return file;
  for (const interpreter of interpreters) {
    if (interpreter === null) continue;
    const own = join(dirname(interpreter.executable), basename(file));
    if (isPrivate(own) && (await isThere(own))) return own;
  }
  return file;
}

/** Node finds packages by the place of the program, so programs of `node_modules` are started where it is in the working directory. */
function insideWork(program: string, packages: readonly Packages[]): string {
  const owner = packages.find(({ name, path }) => isModules(name) && isInside(program, path));
  return owner === undefined ? program : join(owner.name, program.slice(owner.path.length));
}

function isModules(name: string): boolean {
  return basename(name) === 'node_modules';
}

function isPrivate(folder: string): boolean {
  return !isSystem(folder);
}

/** Whether Node itself is the command, so that the machine's Python does not matter. */
function isOnlyNode({ file, throughShell }: Command): boolean {
  return !throughShell && ['node', 'npm', 'npx'].includes(basename(file));
}

/** The command's program: on PATH, among the checkout's packages, or a file of the repository, which stays as it is. */
async function programOf(
  { file }: Command,
  env: Record<string, string>,
  packages: readonly Packages[],
): Promise<string> {
  if (file.includes('/')) {
    const path = file.replace(/^(\.\/)+/, '');
    const owner = packages.find(({ name }) => isInside(path, name));
    return owner === undefined ? file : join(owner.path, path.slice(owner.name.length));
  }
  const found = await findProgram(file, env);
  if (found === null) throw new Error(`Program ${file} not found on PATH (${env.PATH ?? ''}).`);
  return found;
}

/** The command's Python, or else the one that its scripts would find. */
async function pythonOf(
  command: Command,
  file: string,
  env: Record<string, string>,
  cwd: string,
): Promise<Python | null> {
  if (!command.throughShell && PYTHON.test(basename(file))) return askPython(file, env, cwd);
  const found = (await findProgram('python3', env)) ?? (await findProgram('python', env));
  // It may not be needed at all.
  return found === null ? null : askPython(found, env, cwd).catch(() => null);
}

async function nodeOf(env: Record<string, string>, cwd: string): Promise<Interpreter | null> {
  const found = await findProgram('node', env);
  return found === null ? null : askNode(found, env, cwd);
}

/** Programs outside the system that the command names, or that a script may call, with the files that they are links to. */
async function launchersOf(command: Command, file: string, env: Record<string, string>): Promise<string[]> {
  const words = [...command.args.join(' ').matchAll(/[\w.+-]+/g)]
    .map(([word]) => word)
    .filter(word => !INTERPRETERS.test(word));
  const found = await Promise.all([...new Set([...LAUNCHERS, ...words])].map(name => findProgram(name, env)));
  const programs = [
    ...found.filter(path => path !== null),
    ...(isAbsolute(file) && !INTERPRETERS.test(basename(file)) ? [file] : []),
  ].filter(isPrivate);
  const targets = await Promise.all(programs.map(path => realpath(path).catch(() => path)));
  return [...new Set([...programs, ...targets])].filter(isPrivate);
}
