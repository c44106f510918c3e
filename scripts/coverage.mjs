#!/usr/bin/env node
/**
 * How much of src/ the tests run, by folder and in total: `npm run coverage [-- FILE.test.ts …]`. Files that no test loads do not
 * count. Separate from `npm test`, because the tests take 1.7 times as long when they are counted. On GitHub the table goes into
 * the summary of the job as well. Exits with 1 where a test fails.
 */
import { appendFileSync, globSync } from 'node:fs';
import path from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { markdownTable } from 'markdown-table';

const root = path.resolve(import.meta.dirname, '..');
process.chdir(root);
const KINDS = ['Line', 'Branch', 'Function'];
const named = process.argv.slice(2);

const tests = run({
  files: (named.length > 0 ? named : globSync('src/**/*.test.ts').sort()).map(file => path.resolve(file)),
  concurrency: 3,
  timeout: 660_000, // twice what `npm test` allows
  coverage: true,
  coverageIncludeGlobs: ['src/**/*.ts'],
  coverageExcludeGlobs: [
    '**/*.test.ts',
    '**/*.test-*.ts',
    'src/stories/**',
    'src/scenarios/**',
    'src/cheats/**',
  ],
});
tests.on('test:fail', () => {
  process.exitCode = 1;
});
tests.on('test:coverage', ({ summary }) => {
  const table = tableOf(summary.files, summary.totals);
  process.on('exit', () => console.log(`\n${table}`)); // after the reporter's own long table of files
  const page = process.env.GITHUB_STEP_SUMMARY;
  if (page) appendFileSync(page, `## Coverage\n\n${table}\n`);
});
tests.compose(spec).pipe(process.stdout);

/** Shares of lines, branches and functions that ran, for each folder and for all. */
function tableOf(files, totals) {
  const folders = Map.groupBy(files, file => path.relative(root, path.dirname(file.path)));
  const rows = [...folders.keys()].sort().map(folder => [folder, ...shares(sum(folders.get(folder)))]);
  const head = ['folder', 'lines', 'branches', 'functions'];
  return markdownTable([head, ...rows, ['all', ...shares(totals)]], { align: ['l', 'r', 'r', 'r'] });
}

/** The counts of several files, added up under the names that the totals have. */
function sum(files) {
  const keys = KINDS.flatMap(kind => [`covered${kind}Count`, `total${kind}Count`]);
  return Object.fromEntries(keys.map(key => [key, files.reduce((total, file) => total + file[key], 0)]));
}

function shares(counts) {
  return KINDS.map(kind => {
    const total = counts[`total${kind}Count`];
    return total === 0 ? '–' : `${((100 * counts[`covered${kind}Count`]) / total).toFixed(1)}%`;
  });
}
