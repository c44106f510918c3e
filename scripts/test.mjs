#!/usr/bin/env node
/**
 * Everything that must hold before a change is merged, in one run: types, style, unused code, the trainer's checks, the
 * bundle, the workflow files, and the tests. Runs all of it even when something fails; exits 1 if anything did.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const python = path.join(root, '.venv', process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');

const compiled = path.join(root, 'node_modules', '.cache', 'autoresearch-compiled');

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
  { title: 'tests', command: process.execPath, args: ['scripts/run-tests.mjs'] },
];

const began = performance.now();
const show = inOrder();
// No section needs what another makes. The tests take longest, and so the others run beside them, one after the other.
const results = (await Promise.all([inTurn(sections.slice(0, -1)), inTurn(sections.slice(-1))])).flat();

const counts = /^ℹ (tests|pass|fail|cancelled|skipped|todo) .*$/gm;
console.log(heading('summary'));
for (const { title, code, seconds } of results) {
  console.log(`${code === 0 ? '✔' : '✖'} ${title.padEnd(16)} ${seconds.toFixed(1).padStart(6)} s`);
}
console.log(`  ${'all'.padEnd(16)} ${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s\n`);
// The counts of the test runner, once more, as the last lines.
console.log(results.at(-1)?.output.match(counts)?.join('\n') ?? '');
process.exitCode = results.every(result => result.code === 0) ? 0 : 1;

function bin(name) {
  return path.join(root, 'node_modules', '.bin', name);
}

async function inTurn(some) {
  const ended = [];
  for (const section of some) ended.push({ ...section, ...(await run(section)) });
  return ended;
}

/** Prints what the sections say in the order of the sections: what comes early waits for its turn. */
function inOrder() {
  const said = sections.map(({ title }) => ({ title, text: `${heading(title)}\n`, ended: false }));
  return (title, text, ended = false) => {
    const own = said.find(one => one.title === title);
    if (own) Object.assign(own, { text: own.text + text, ended });
    while (said[0]) {
      process.stdout.write(said[0].text);
      said[0].text = '';
      if (!said[0].ended) return;
      said.shift();
    }
  };
}

/** Runs one section; resolves with its exit code, seconds and output. */
function run({ title, command, args, needs, cwd }) {
  const started = performance.now();
  return new Promise(resolve => {
    let output = '';
    const say = text => {
      output += text;
      show(title, text);
    };
    const finish = code => {
      show(title, '', true);
      resolve({ code, seconds: (performance.now() - started) / 1000, output });
    };
    if (needs && !existsSync(needs)) {
      say(`Expected ${path.relative(root, needs)}; run \`node scripts/setup.mjs --dev\` to create it.\n`);
      finish(1);
      return;
    }
    const child = spawn(command, args, {
      cwd: path.join(root, cwd ?? '.'),
      // Hundreds of processes load the same modules: they are compiled once.
      env: { ...process.env, FORCE_COLOR: '0', NO_COLOR: '1', NODE_COMPILE_CACHE: compiled },
      timeout: SECTION_LIMIT_MS,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', say);
    child.on('error', error => {
      say(`Could not start ${command}: ${error.message}\n`);
      finish(1);
    });
    child.on('close', (code, signal) => {
      if (signal) say(`Ended by ${signal} after ${SECTION_LIMIT_MS / 1000} s.\n`);
      finish(code ?? 1);
    });
  });
}

function heading(title) {
  return `\n── ${title} ${'─'.repeat(Math.max(0, 60 - title.length))}`;
}
