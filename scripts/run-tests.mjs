#!/usr/bin/env node
/**
 * Runs the test files, or those that are named, with the longest first, so that no core waits for the last one of them. Those that
 * train for minutes run only where they are named.
 *
 *   node scripts/run-tests.mjs [FILE…]
 */
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

const root = path.resolve(import.meta.dirname, '..');

/** The files that take longest, in that order. Those that are not here take a few seconds at most. */
const LONGEST = [
  'src/cheats/cheats.test.ts',
  'src/cheats/audit.test.ts',
  'src/stories/interruptions.test.ts',
  'src/stories/commands.test.ts',
  'src/trial/escape.test.ts',
  'src/sim/sim.test.ts',
  'src/cli/cli.test.ts',
  'src/stories/restack.test.ts',
  'src/stories/campaign.test.ts',
  'src/stories/model.test.ts',
  'src/stories/denials.test.ts',
];

/** Minutes of real training: `npm run test:trainer`. */
const APART = ['src/stories/trainer.test.ts', 'src/stories/ending.test.ts'];

/** Longer than any test takes on a slow machine; and than those that train. */
const LIMIT_MS = 330_000;
const TRAINING_LIMIT_MS = 900_000;
const SHOWN = 10;

const found = globSync(['src/**/*.test.ts', 'bench/**/*.test.ts', 'scripts/*.test.mjs'], {
  cwd: root,
}).sort();
const gone = [...LONGEST, ...APART].filter(file => !found.includes(file));
if (gone.length > 0) throw new Error(`Expected these files, which are listed here: ${gone.join(', ')}.`);

const named = process.argv.slice(2);
const all = [...new Set([...LONGEST, ...found])].filter(file => !APART.includes(file));
const files = named.length > 0 ? named : all;
const trains = files.some(file => APART.includes(file));

/** @type {{ file: string, seconds: number }[]} */
const took = [];
const tests = run({
  cwd: root,
  files: files.map(file => path.resolve(named.length > 0 ? process.cwd() : root, file)),
  // One more than there are cores: most tests wait for a process or a clock at times. Training has the machine to itself.
  concurrency: trains ? 1 : availableParallelism() + 1,
  timeout: trains ? TRAINING_LIMIT_MS : LIMIT_MS,
});
// A file is a test itself, with its path for its name.
tests.on('test:complete', ({ name, file, details }) => {
  if (name === file) took.push({ file: path.relative(root, file), seconds: details.duration_ms / 1000 });
});
process.exitCode = 1;
tests.on('test:summary', ({ file, success }) => {
  if (file === undefined && success) process.exitCode = 0;
});
for await (const text of tests.compose(spec)) process.stdout.write(text);

took.sort((a, b) => b.seconds - a.seconds);
console.log(`\nThe slowest of ${took.length} files:`);
for (const { file, seconds } of took.slice(0, SHOWN))
  console.log(`${seconds.toFixed(1).padStart(8)} s  ${file}`);
