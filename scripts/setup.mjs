/**
 * Prepares a fresh clone: npm packages, sandbox, Python environment, training text. A step is skipped if its inputs have not changed since
 * it last succeeded. Plain JavaScript without dependencies, because it runs before anything is installed.
 *
 *   node scripts/setup.mjs [--dev] [--no-trainer [--sandbox]]
 */
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CPU_BUILDS, LOCK, neededBy, readLock, requirementsText } from './lock.mjs';
import { nodeProblem } from './node-hash.mjs';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const PYTHONS = ['python3.11', 'python3.12', 'python3.13', 'python3', 'python'];
const OLDEST_PYTHON = [3, 11];
const VENV_PYTHON = '.venv/bin/python';
const VENV_STAMP = '.venv/autoresearch-setup.json';
const VENV_REQUIREMENTS = '.venv/requirements.txt';
const DATA = '.autoresearch/data';
const DATA_STAMP = '.autoresearch/data-setup.json';
/** Lines kept of a failed command's output: npm prints the reason first, pip last. */
const KEPT_LINES = { first: 12, last: 20 };
const QUIET_REPORT_MS = 10_000;
const PLAIN_COLUMNS = 120;

/** Setup cannot continue. The message says what was expected, what was found and what to do. */
class SetupError extends Error {}

const options = new Set(process.argv.slice(2));
try {
  await main();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`\nsetup failed: ${error.message}`);
  process.exitCode = 1;
}

async function main() {
  const unknown = [...options].filter(option => !['--dev', '--no-trainer', '--sandbox'].includes(option));
  if (unknown.length > 0) {
    throw new SetupError(`expected --dev, --no-trainer or --sandbox, found ${unknown.join(' ')}.`);
  }
  process.chdir(ROOT);
  await installPackages();
  if (!options.has('--no-trainer') || options.has('--sandbox')) await installSandbox();
  if (options.has('--no-trainer')) return;
  await createEnvironment();
  await installTrainer(options.has('--dev'));
  await prepareData();
}

/** Runs `npm ci`, unless node_modules matches the lock file. Everything that follows runs on the Node that this installs. */
async function installPackages() {
  if (packagesMatchLock()) return;
  // npm must not run on the Node that it is about to replace.
  const path = (process.env.PATH ?? '').split(delimiter).filter(part => !part.includes('node_modules'));
  await step(
    'Installing npm packages',
    'npm',
    ['ci', '--loglevel=error', '--include=dev', '--include=optional'],
    {
      env: { ...process.env, PATH: path.join(delimiter) },
      advice: 'Check the network and that npm is version 10 or newer, then run the same command again.',
    },
  );
  const problem = nodeProblem('node_modules/node/bin/node', `${process.platform}-${process.arch}`);
  if (problem === null) return;
  // Nothing may run on it, now or with the next command.
  rmSync('node_modules', { recursive: true, force: true });
  throw new SetupError(
    `${problem}\nThe installed packages were removed. Check which registry npm uses: npm config get registry`,
  );
}

/** Whether every package in the lock file is installed at its version, according to npm's own record. */
function packagesMatchLock() {
  const installed = readJson('node_modules/.package-lock.json')?.packages;
  if (installed === undefined) return false;
  const wanted = readJson('package-lock.json')?.packages ?? {};
  return Object.entries(wanted).every(
    ([path, entry]) =>
      path === '' || entry.optional || entry.peer || installed[path]?.version === entry.version,
  );
}

/** Installs bubblewrap if apt is available. A failure does not stop the setup, because the demo also runs without a sandbox. */
async function installSandbox() {
  if (process.platform !== 'linux' || runs('bwrap', ['--version'])) return;
  const byHand =
    'Warning: no sandbox. Install bubblewrap (Debian or Ubuntu: sudo apt install bubblewrap). Trials need it unless their contract says `sandbox: none`.';
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  if (!runs('apt-get', ['--version']) || (asRoot.length > 0 && !runs('sudo', ['-n', 'true']))) {
    console.log(byHand);
    return;
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = async (title, ...args) => {
    const [command, ...rest] = [...asRoot, 'apt-get', ...args];
    await step(title, command, rest, { env, advice: '' });
  };
  try {
    await apt('Updating package lists', 'update', '-q');
    await apt('Installing bubblewrap', 'install', '-q', '-y', 'bubblewrap');
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.log(`${error.message.split('\n')[0]}\n${byHand}`);
  }
}

/** Whether the program exists and succeeds. */
function runs(command, args) {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Creates `.venv` with a Python that is new enough. */
async function createEnvironment() {
  if (existsSync(VENV_PYTHON)) return;
  const python = findPython();
  rmSync('.venv', { recursive: true, force: true });
  await step(`Creating .venv with ${python}`, python, ['-m', 'venv', '.venv'], {
    advice: 'On Debian or Ubuntu: sudo apt install python3-venv.',
  });
}

/** The first Python on PATH that is new enough and has the venv module. Throws a SetupError that lists what it found. */
function findPython() {
  const found = [];
  for (const name of PYTHONS) {
    const probe =
      'import sys; print(*sys.version_info[:3], sep=".")\ntry:\n import ensurepip, venv\nexcept ImportError: print("no-venv")';
    let answer;
    try {
      answer = execFileSync(name, ['-c', probe], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    } catch {
      continue;
    }
    const [version = '', lacking] = answer.trim().split('\n');
    const [major = 0, minor = 0] = version.split('.').map(Number);
    const recent = major === OLDEST_PYTHON[0] && minor >= OLDEST_PYTHON[1];
    if (recent && lacking === undefined) return name;
    found.push(`${name} ${version}${lacking ? ' without the venv module' : ''}`);
  }
  throw new SetupError(
    [
      `expected Python ${OLDEST_PYTHON.join('.')} or newer with the venv module (${PYTHONS.join(', ')}),`,
      `found ${found.length > 0 ? found.join(', ') : 'none'}.`,
      'Install it (macOS: brew install python@3.12; Debian or Ubuntu: sudo apt install python3 python3-venv) and run the same command again.',
    ].join('\n'),
  );
}

/** Installs the packages in trainer/pyproject.toml, with the dev group if `dev`, from exactly the files whose hashes are in the lock. */
async function installTrainer(dev) {
  const inputs = hashOf(['trainer/pyproject.toml', LOCK, CPU_BUILDS]);
  const stamp = readJson(VENV_STAMP);
  if (stamp?.inputs === inputs && (stamp.dev || !dev)) return;
  const withDev = dev || stamp?.dev === true;
  const { runtime, tools, extra } = readProject();
  const wanted = withDev ? [...runtime, ...extra, ...tools] : [...runtime, ...extra];
  const packages = neededBy(readLock(), wanted);
  writeFileSync(VENV_REQUIREMENTS, requirementsText(packages, hasCpuBuild(packages)));
  const pip = ['-m', 'pip', '--disable-pip-version-check'];
  const exactly = ['--progress-bar', 'off', '--require-hashes', '--no-deps', '-r', VENV_REQUIREMENTS];
  const title = "Installing PyTorch and the trainer's other packages";
  await step(title, VENV_PYTHON, [...pip, 'install', ...exactly], {
    advice:
      'Check the network and the free disk space (PyTorch needs several GB), then run the same command again.',
  });
  await step('Checking the Python packages', VENV_PYTHON, [...pip, 'check'], {
    advice: `${LOCK} must list every package that another one depends on. CONTRIBUTING.md explains how to regenerate it.`,
  });
  writeFileSync(VENV_STAMP, JSON.stringify({ inputs, dev: withDev }));
}

/** Whether pip is configured to find PyTorch's CPU build, which is gigabytes smaller and not on PyPI. */
function hasCpuBuild(packages) {
  const version = packages.find(({ name }) => name === 'torch')?.version;
  try {
    const args = ['-m', 'pip', 'index', 'versions', 'torch'];
    const answer = execFileSync(VENV_PYTHON, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return answer.split(/[\s,]+/).includes(`${version}+cpu`);
  } catch {
    return false; // If the index does not answer, the installation fails with the reason.
  }
}

/** The content of trainer/pyproject.toml, read with Python, which can parse TOML and the setting for the training text. */
function readProject() {
  const script = [
    'import json, sys, tomllib',
    'sys.path.insert(0, "trainer")',
    'import source',
    'p = tomllib.load(open("trainer/pyproject.toml", "rb"))',
    'try: wanted = source.wanted()',
    'except source.DataError as error: sys.exit(str(error))',
    'extra = p["project"]["optional-dependencies"].get(source.EXTRAS.get(wanted.kind), [])',
    'tools = p["dependency-groups"]["dev"]',
    'print(json.dumps({"text": wanted.kind, "runtime": p["project"]["dependencies"], "tools": tools, "extra": extra}))',
  ].join('\n');
  try {
    const stdio = ['ignore', 'pipe', 'pipe'];
    return JSON.parse(execFileSync(VENV_PYTHON, ['-c', script], { encoding: 'utf8', stdio }));
  } catch (error) {
    throw new SetupError(String(error.stderr ?? error.message).trim());
  }
}

/** Prepares the training text that trainer/pyproject.toml names. The user's own files are always checked, because they may have changed. */
async function prepareData() {
  const scripts = readdirSync('trainer/corpus').filter(name => name.endsWith('.py'));
  const inputs = hashOf([
    'package-lock.json',
    'trainer/pyproject.toml',
    'trainer/dataset.py',
    'trainer/source.py',
    ...scripts.sort().map(name => join('trainer/corpus', name)),
  ]);
  const done = existsSync(join(DATA, 'manifest.json')) && readJson(DATA_STAMP)?.inputs === inputs;
  if (done && readProject().text !== 'files') return;
  mkdirSync(dirname(DATA), { recursive: true });
  await step('Preparing the training text', VENV_PYTHON, ['trainer/prepare.py', '--out', DATA], {
    advice:
      'Run the same command again; finished downloads are kept. docs/data.md describes the sources of training text.',
  });
  writeFileSync(DATA_STAMP, JSON.stringify({ inputs }));
}

/**
 * Runs one command and shows its progress: on a terminal one line with the seconds and the last line of output, elsewhere a line at
 * intervals. If it fails, throws a SetupError with its output and `advice`.
 */
async function step(title, command, args, { advice, env = process.env }) {
  const began = Date.now();
  const seconds = () => `${Math.round((Date.now() - began) / 1000)} s`;
  const lines = [''];
  const show = () => {
    const last = lines.findLast(line => line.trim() !== '')?.trim() ?? '';
    const text = `${title} … ${seconds()}  ${last}`.trimEnd();
    if (process.stdout.isTTY)
      process.stdout.write(`\r\x1b[2K${text.slice(0, (process.stdout.columns ?? 80) - 1)}`);
    else console.log(text.slice(0, PLAIN_COLUMNS));
  };
  show();
  const timer = setInterval(show, process.stdout.isTTY ? 500 : QUIET_REPORT_MS);
  const status = await new Promise(resolve => {
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const keep = chunk => {
      const [first = '', ...rest] = String(chunk).split(/\r?\n|\r/);
      lines[lines.length - 1] += first;
      lines.push(...rest);
      const surplus = lines.length - KEPT_LINES.first - KEPT_LINES.last;
      if (surplus > 0) lines.splice(KEPT_LINES.first, surplus);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', error => resolve(`could not start: ${error.message}`));
    child.on('close', (code, signal) => resolve(code === 0 ? undefined : (signal ?? `exit code ${code}`)));
  });
  clearInterval(timer);
  if (process.stdout.isTTY) process.stdout.write('\r\x1b[2K');
  if (status !== undefined) {
    const output = lines.join('\n').trimEnd();
    throw new SetupError(
      `${title}: \`${command} ${args.slice(0, 4).join(' ')} …\` failed (${status}).\n${output}\n\n${advice}`,
    );
  }
  console.log(`${title}: done in ${seconds()}`);
}

/** The parsed file, or undefined if it is missing or incomplete. */
function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

function hashOf(paths) {
  const hash = createHash('sha256');
  for (const path of paths) hash.update(readFileSync(path)).update('\0');
  return hash.digest('hex');
}
