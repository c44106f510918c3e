/**
 * Makes a fresh clone ready: npm packages, sandbox, Python environment, prepared data. Each step is skipped when its inputs have
 * not changed since it last succeeded. Plain JavaScript without dependencies, because it runs before anything is installed.
 *
 *   node scripts/setup.mjs [--dev] [--no-trainer]
 */
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CPU_BUILDS, LOCK, neededBy, readLock, requirementsText } from './lock.mjs';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const PYTHONS = ['python3.11', 'python3.12', 'python3.13', 'python3', 'python'];
const OLDEST_PYTHON = [3, 11];
const VENV_PYTHON = '.venv/bin/python';
const VENV_STAMP = '.venv/autoresearch-setup.json';
const VENV_REQUIREMENTS = '.venv/requirements.txt';
const DATA = '.autoresearch/data';
const DATA_STAMP = '.autoresearch/data-setup.json';
/** Of a failed command's output: npm says the reason first and its usage last, pip the other way round. */
const KEPT_LINES = { first: 12, last: 20 };
const QUIET_REPORT_MS = 10_000;
const PLAIN_COLUMNS = 120;

/** Setup cannot go on; the message says what was expected, what was found and what to do. */
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
  const unknown = [...options].filter(option => !['--dev', '--no-trainer'].includes(option));
  if (unknown.length > 0) {
    throw new SetupError(`expected --dev or --no-trainer, found ${unknown.join(' ')}`);
  }
  process.chdir(ROOT);
  await installPackages();
  if (options.has('--no-trainer')) return;
  await installSandbox();
  await createEnvironment();
  await installTrainer(options.has('--dev'));
  await prepareData();
}

/** `npm ci`, unless node_modules holds what the lock file pins. */
async function installPackages() {
  if (packagesMatchLock()) return;
  // npm itself must not run on a Node that it is about to replace.
  const path = (process.env.PATH ?? '').split(delimiter).filter(part => !part.includes('node_modules'));
  await step(
    'Installing npm packages',
    'npm',
    ['ci', '--loglevel=error', '--include=dev', '--include=optional'],
    {
      env: { ...process.env, PATH: path.join(delimiter) },
      advice: 'Check the network and the version of npm (10 or newer), then run the same command again.',
    },
  );
}

/** True when every package of the lock file is recorded as installed at its version; npm keeps that record itself. */
function packagesMatchLock() {
  const installed = readJson('node_modules/.package-lock.json')?.packages;
  if (installed === undefined) return false;
  const wanted = readJson('package-lock.json')?.packages ?? {};
  return Object.entries(wanted).every(
    ([path, entry]) =>
      path === '' || entry.optional || entry.peer || installed[path]?.version === entry.version,
  );
}

/** bubblewrap, where apt may install it. Never stops the setup: the demo goes on without, and says so. */
async function installSandbox() {
  if (process.platform !== 'linux' || runs('bwrap', ['--version'])) return;
  const byHand =
    'No sandbox: bubblewrap 0.8 or newer is missing (Debian or Ubuntu: sudo apt install bubblewrap). Trials need it, unless their contract says `sandbox: none`.';
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
    await apt('Reading lists of packages', 'update', '-q');
    await apt('Installing bubblewrap', 'install', '-q', '-y', 'bubblewrap');
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.log(`${error.message.split('\n')[0]}\n${byHand}`);
  }
}

/** True when the program exists and ends well. */
function runs(command, args) {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** `.venv`, with a Python that is new enough. */
async function createEnvironment() {
  if (existsSync(VENV_PYTHON)) return;
  const python = findPython();
  rmSync('.venv', { recursive: true, force: true });
  await step(`Creating .venv with ${python}`, python, ['-m', 'venv', '.venv'], {
    advice: 'On Debian or Ubuntu: sudo apt install python3-venv.',
  });
}

/** The first Python on the PATH that is new enough and can make environments. Throws SetupError naming all it found. */
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
    found.push(`${name} is ${version}${lacking ? ' without the venv module' : ''}`);
  }
  throw new SetupError(
    [
      `expected Python ${OLDEST_PYTHON.join('.')} or newer with its venv module as one of ${PYTHONS.join(', ')};`,
      `found ${found.length > 0 ? found.join(', ') : 'none of them'}.`,
      'Install it (macOS: brew install python@3.12; Debian or Ubuntu: sudo apt install python3 python3-venv) and run the same command again.',
    ].join('\n'),
  );
}

/** What trainer/pyproject.toml names, with the dev group when asked for: exactly the files whose hashes the lock holds. */
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
  const title = 'Installing PyTorch and the trainer’s other packages';
  await step(title, VENV_PYTHON, [...pip, 'install', ...exactly], {
    advice:
      'Check the network and the free disk space (PyTorch needs several GB), then run the same command again.',
  });
  await step('Checking the Python packages', VENV_PYTHON, [...pip, 'check'], {
    advice: `${LOCK} has to hold every package that another one needs. CONTRIBUTING.md tells how to write it again.`,
  });
  writeFileSync(VENV_STAMP, JSON.stringify({ inputs, dev: withDev }));
}

/** True where pip is set up to find PyTorch's build for the CPU, which is smaller by gigabytes and not on PyPI. */
function hasCpuBuild(packages) {
  const version = packages.find(({ name }) => name === 'torch')?.version;
  try {
    const args = ['-m', 'pip', 'index', 'versions', 'torch'];
    const answer = execFileSync(VENV_PYTHON, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return answer.split(/[\s,]+/).includes(`${version}+cpu`);
  } catch {
    return false; // An index that does not answer stops the installation, with its reason.
  }
}

/** What trainer/pyproject.toml says. Python reads it: it knows TOML, and how the line about the text is meant. */
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

/** The text that trainer/pyproject.toml names. Own files are looked at each time: they may have changed. */
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
      'What has been downloaded is kept; run the same command again. docs/data.md tells the sources of text.',
  });
  writeFileSync(DATA_STAMP, JSON.stringify({ inputs }));
}

/**
 * Runs one command and shows that it lives: on a terminal one line with the seconds and the command's last words, elsewhere
 * a plain line now and then. Throws SetupError with the end of its output and `advice` when it fails.
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
      `${title}: \`${command} ${args.slice(0, 4).join(' ')} …\` ended with ${status}.\n${output}\n\n${advice}`,
    );
  }
  console.log(`${title}: done in ${seconds()}`);
}

/** The parsed file, or undefined where there is none or it is cut off. */
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
