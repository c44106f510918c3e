/**
 * The lock of the Python packages: trainer/requirements.txt, as uv writes it, and trainer/torch-cpu.sha256, which uv knows nothing of.
 * Plain JavaScript without dependencies, because the setup reads it before anything is installed.
 */
import { readFileSync } from 'node:fs';

export const LOCK = 'trainer/requirements.txt';
export const CPU_BUILDS = 'trainer/torch-cpu.sha256';

/** What only PyTorch's builds with CUDA need. */
const CUDA = /^(?:nvidia-|cuda-|triton$)/;

/** @typedef {{ name: string, version: string, marker: string, hashes: string[], via: string[] }} Locked */

/** Every package of the lock; one that has several versions, by marker, comes several times. */
export function readLock() {
  const lines = readFileSync(LOCK, 'utf8').split('\n');
  /** @type {Locked[]} */
  const packages = [];
  for (const line of lines) {
    const [, name, version, marker = ''] = /^([\w.-]+)==(\S+)(?: ; (.+?))? \\$/.exec(line) ?? [];
    const hash = /^ {4}--hash=(sha256:[0-9a-f]{64})(?: \\)?$/.exec(line)?.[1];
    const via = /^ {4}#(?: via| {2}) (.+)$/.exec(line)?.[1];
    const last = packages.at(-1);
    if (name) packages.push({ name, version, marker, hashes: [], via: [] });
    else if (hash && last) last.hashes.push(hash);
    else if (via && last) last.via.push(via);
    else if (!/^(?:#| {4}# via$|$)/.test(line))
      throw new Error(`${LOCK}: expected what uv writes, found ${line}`);
  }
  return packages;
}

/** Those of the packages that are named, such as `torch==2.13.0`, and what they need. */
export function neededBy(packages, requirements) {
  const names = new Set(requirements.map(nameOf));
  for (let before = -1; before < names.size; ) {
    before = names.size;
    for (const { name, via } of packages) if (via.some(other => names.has(other))) names.add(name);
  }
  return packages.filter(({ name }) => names.has(name));
}

/** The packages as a requirements file for `pip install --require-hashes`; with PyTorch's build for the CPU and without CUDA where `cpu`. */
export function requirementsText(packages, cpu) {
  const chosen = cpu ? packages.filter(({ name }) => !CUDA.test(name)).map(forCpu) : packages;
  return chosen
    .map(({ name, version, marker, hashes }) =>
      [`${name}==${version}${marker && ` ; ${marker}`}`, ...hashes.map(hash => `--hash=${hash}`)].join(
        ' \\\n    ',
      ),
    )
    .join('\n');
}

function forCpu(locked) {
  if (locked.name !== 'torch') return locked;
  const hashes = cpuBuilds().map(({ hash }) => `sha256:${hash}`);
  return { ...locked, version: `${locked.version}+cpu`, hashes };
}

/** What is wrong with the lock, given the requirements of trainer/pyproject.toml; in sentences, none where all is well. */
export function lockProblems(packages, requirements) {
  const problems = [];
  const direct = packages.filter(({ via }) => via.some(other => other.startsWith('autoresearch-trainer ')));
  const locked = new Set(direct.map(({ name, version }) => `${name}==${version}`));
  for (const wanted of requirements)
    if (!locked.delete(wanted))
      problems.push(`${LOCK} lacks ${wanted}, which trainer/pyproject.toml names (expected NAME==VERSION).`);
  for (const other of locked)
    problems.push(`${LOCK} has ${other}, which trainer/pyproject.toml does not name.`);
  for (const { name, hashes } of packages)
    if (hashes.length === 0) problems.push(`${LOCK}: ${name} has no hash.`);
  const torch = packages.find(({ name }) => name === 'torch')?.version;
  for (const { wheel } of cpuBuilds())
    if (!wheel.startsWith(`torch-${torch}+cpu-`))
      problems.push(`${CPU_BUILDS}: expected builds of torch ${torch}, found ${wheel}.`);
  return problems;
}

function cpuBuilds() {
  const text = readFileSync(CPU_BUILDS, 'utf8');
  return [...text.matchAll(/^([0-9a-f]{64}) {2}(\S+)$/gm)].map(([, hash = '', wheel = '']) => ({
    hash,
    wheel,
  }));
}

function nameOf(requirement) {
  return (/^[\w.-]+/.exec(requirement)?.[0] ?? '').toLowerCase().replaceAll(/[-_.]+/g, '-');
}
