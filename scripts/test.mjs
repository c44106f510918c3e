#!/usr/bin/env node
/**
 * Everything that must hold before a change is merged, in one run: types, style, unused code, the trainer's checks, the
 * bundle, the workflow files, and the tests. Runs all of it even when something fails; exits 1 if anything did.
 */
import { spawn } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const python = path.join(root, '.venv', process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');

/** Longer than any section takes on a slow machine: what hangs is ended and counts as failed. */
const SECTION_LIMIT_MS = 900_000;

/** @type {{ title: string, command: string, args: string[], needs?: string, cwd?: string }[]} */
const sections = [
  { title: 'types', command: bin('tsc'), args: [] },
  { title: 'format and lint', command: bin('biome'), args: ['check'] },
  { title: 'unused code', command: bin('knip'), args: [] },
  { title: 'imports', command: process.execPath, args: ['scripts/floors.mjs'] },
  {
    title: 'workflow files',
    command: process.execPath,
    args: ['scripts/check-workflows.mjs'],
    needs: python,
  },
  { title: 'packages', command: process.execPath, args: ['scripts/check-packages.mjs'], needs: python },
  { title: 'bundle', command: process.execPath, args: ['scripts/bundle.mjs', '--check'] },
  {
    title: 'trainer: lint',
    command: python,
    args: ['-m', 'ruff', 'check', 'trainer', 'bench'],
    needs: python,
  },
  {
    title: 'trainer: format',
    command: python,
    args: ['-m', 'ruff', 'format', '--check', 'trainer', 'bench'],
    needs: python,
  },
  { title: 'trainer: tests', command: python, args: ['-m', 'pytest', '-q'], needs: python, cwd: 'trainer' },
  {
    title: 'tests',
    command: process.execPath,
    args: ['--test', '--test-concurrency=3', '--test-timeout=330000', ...testFiles()],
  },
];

const results = [];
for (const section of sections) results.push({ ...section, ...(await run(section)) });

heading('summary');
for (const { title, code, seconds } of results) {
  console.log(`${code === 0 ? '✔' : '✖'} ${title.padEnd(16)} ${seconds.toFixed(1).padStart(6)} s`);
}
console.log('');
// The counts of the test runner, once more, as the last lines.
console.log(
  results
    .at(-1)
    ?.output.match(/^ℹ (tests|pass|fail|cancelled|skipped|todo) .*$/gm)
    ?.join('\n') ?? '',
);
process.exitCode = results.every(result => result.code === 0) ? 0 : 1;

function bin(name) {
  return path.join(root, 'node_modules', '.bin', name);
}

function testFiles() {
  return globSync(['src/**/*.test.ts', 'bench/**/*.test.ts', 'scripts/*.test.mjs'], { cwd: root }).sort();
}

/** Runs one section with its output shown as it comes; resolves with its exit code, seconds and output. */
function run({ title, command, args, needs, cwd }) {
  heading(title);
  if (needs && !existsSync(needs)) {
    console.error(
      `Expected ${path.relative(root, needs)}; run \`node scripts/setup.mjs --dev\` to create it.`,
    );
    return Promise.resolve({ code: 1, seconds: 0, output: '' });
  }
  const started = performance.now();
  return new Promise(resolve => {
    const env = { ...process.env, FORCE_COLOR: '0', NO_COLOR: '1' };
    const child = spawn(command, args, {
      cwd: path.join(root, cwd ?? '.'),
      env,
      timeout: SECTION_LIMIT_MS,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', chunk => {
      output += chunk;
      process.stdout.write(chunk);
    });
    child.stderr.on('data', chunk => process.stderr.write(chunk));
    const finish = code => resolve({ code, seconds: (performance.now() - started) / 1000, output });
    child.on('error', error => {
      console.error(`Could not start ${command}: ${error.message}`);
      finish(1);
    });
    child.on('close', (code, signal) => {
      if (signal) console.error(`Ended by ${signal} after ${SECTION_LIMIT_MS / 1000} s.`);
      finish(code ?? 1);
    });
  });
}

function heading(title) {
  console.log(`\n── ${title} ${'─'.repeat(Math.max(0, 60 - title.length))}`);
}
