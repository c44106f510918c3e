import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lockProblems, neededBy, readLock, requirementsText } from './lock.mjs';

const packages = readLock();
const named = name => packages.filter(each => each.name === name);
const torch = named('torch')[0]?.version;

test('what the trainer needs comes without the tools of those who develop it', () => {
  const names = neededBy(packages, ['torch==1', 'tokenizers==1']).map(({ name }) => name);
  assert.ok(names.includes('markupsafe'), 'of jinja2, of torch');
  assert.ok(names.includes('hf-xet'), 'of huggingface-hub, of tokenizers');
  for (const tool of ['pytest', 'pluggy', 'ruff', 'zizmor']) assert.ok(!names.includes(tool), tool);
});

test('a package that has a version for each Python comes with both', () => {
  assert.deepEqual(
    named('networkx').map(({ marker }) => marker),
    ["python_full_version < '3.12'", "python_full_version >= '3.12'"],
  );
});

test('pip gets every package with its hashes, and with CUDA unless PyTorch is the build for the CPU', () => {
  const all = requirementsText(packages, false);
  assert.match(all, new RegExp(`^torch==${torch} \\\\\\n    --hash=sha256:[0-9a-f]{64}( \\\\)?\\n`, 'm'));
  assert.match(all, /^nvidia-cublas==\S+ ; sys_platform == 'linux' \\$/m);
  const cpu = requirementsText(packages, true);
  assert.match(cpu, new RegExp(`^torch==${torch}\\+cpu \\\\$`, 'm'));
  assert.doesNotMatch(cpu, /^(nvidia|cuda|triton)/m);
  assert.equal(
    cpu.match(/^numpy==.*\n(?: {4}--hash.*\n)+/m)?.[0],
    all.match(/^numpy==.*\n(?: {4}--hash.*\n)+/m)?.[0],
  );
});

test('a lock that lags behind trainer/pyproject.toml is told from one that fits', () => {
  const wanted = packages
    .filter(({ via }) => via.some(other => other.startsWith('autoresearch-trainer')))
    .map(({ name, version }) => `${name}==${version}`);
  assert.deepEqual(lockProblems(packages, wanted), []);
  const [gone = '', ...others] = wanted;
  assert.deepEqual(lockProblems(packages, [...others, 'numpy==9.9', 'pandas']), [
    'trainer/requirements.txt lacks numpy==9.9, which trainer/pyproject.toml names (expected NAME==VERSION).',
    'trainer/requirements.txt lacks pandas, which trainer/pyproject.toml names (expected NAME==VERSION).',
    `trainer/requirements.txt has ${gone}, which trainer/pyproject.toml does not name.`,
  ]);
});

test('a newer PyTorch needs the hashes of its own builds for the CPU', () => {
  const newer = packages.map(each => (each.name === 'torch' ? { ...each, version: '9.9.9', via: [] } : each));
  const problems = lockProblems(newer, []).filter(text => text.startsWith('trainer/torch-cpu.sha256'));
  assert.match(problems[0] ?? '', /expected builds of torch 9\.9\.9, found torch-\d/);
});
