/** Asks Python and Node where they are installed, and which versions they have. */
import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { isSystem, isThere } from './paths.ts';

const run = promisify(execFile);
const TIMEOUT_MS = 30_000;

/** Reads torch's version from the name of its metadata: importing it would take seconds, and the module for metadata a tenth of one. */
const PYTHON_PROBE = `
import json, os, sys
versions = ["python %d.%d.%d" % sys.version_info[:3]]
for folder in filter(os.path.isdir, sys.path):
    found = [name[6:-10] for name in os.listdir(folder) if name.startswith("torch-") and name.endswith(".dist-info")]
    if found:
        versions.append("torch " + found[0])
        break
prefixes = [sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix]
print(json.dumps({"executable": sys.executable, "prefixes": prefixes, "versions": versions}))
`;
const NODE_PROBE = 'JSON.stringify([process.execPath, process.versions.node])';

export interface Interpreter {
  /** The program itself: a name on PATH may be a shim, such as pyenv's, that does not work inside the sandbox. */
  executable: string;
  /** Folders and files that it needs. Those of the system are readable anyway. */
  paths: string[];
  /** Such as `python 3.12.3` and `torch 2.9.1`. */
  versions: string[];
}

export interface Python extends Interpreter {
  /** The folder of its virtual environment; null if it is not in one. */
  environment: string | null;
}

/** Throws an error with Python's own words if `file` cannot be started. `cwd` must not contain files of the candidate. */
export async function askPython(file: string, env: Record<string, string>, cwd: string): Promise<Python> {
  const { stdout } = await run(file, ['-I', '-c', PYTHON_PROBE], { env, cwd, timeout: TIMEOUT_MS }).catch(
    error => {
      const said = String((error as { stderr?: string }).stderr ?? '').trim() || (error as Error).message;
      throw new Error(`${file} does not work: ${said.slice(0, 300)}`);
    },
  );
  const { executable, prefixes, versions } = JSON.parse(stdout) as {
    executable: string | null;
    prefixes: string[];
    versions: string[];
  };
  const [own = '', , base] = prefixes;
  return {
    executable: executable || file,
    paths: prefixes,
    versions,
    environment: own === base ? null : own,
  };
}

/** Node, and npm if it came with it. */
export async function askNode(file: string, env: Record<string, string>, cwd: string): Promise<Interpreter> {
  const { stdout } = await run(file, ['-p', NODE_PROBE], { env, cwd, timeout: TIMEOUT_MS });
  const [executable = file, version = ''] = JSON.parse(stdout) as string[];
  const prefix = dirname(dirname(executable));
  const npm = join(prefix, 'lib/node_modules/npm');
  // A folder with Node's headers and npm is a distribution of Node and holds nothing else.
  const isDistribution = (await isThere(join(prefix, 'include/node/node.h'))) && (await isThere(npm));
  const paths = isSystem(prefix) ? [npm] : isDistribution ? [prefix] : [executable];
  return { executable, paths, versions: [`node ${version}`] };
}
