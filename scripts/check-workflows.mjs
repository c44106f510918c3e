#!/usr/bin/env node
/** Reads every workflow, the action, the App's manifest and the contract, and says what would not work or is not safe. */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { load } from 'js-yaml';
import { parseContract } from '../src/protocol/contract-file.ts';

const root = path.resolve(import.meta.dirname, '..');
const problems = [];
/** Ours, and those of the examples, which a test holds to what `autoresearch init` writes. */
const workflows = globSync('{.,examples/*}/.github/workflows/*.yml', { cwd: root }).sort();

for (const file of workflows) {
  const workflow = read(file);
  expect(file, workflow?.on, 'a trigger under `on`');
  expect(
    file,
    workflow?.permissions,
    'top-level `permissions`, so that the token can do no more than it needs',
  );
  for (const [name, job] of Object.entries(workflow?.jobs ?? { '(none)': {} })) {
    expect(file, job?.['runs-on'], `\`runs-on\` in job ${name}`);
    expect(file, job?.['timeout-minutes'], `\`timeout-minutes\` in job ${name}`);
    for (const [i, step] of (job?.steps ?? [undefined]).entries()) {
      expect(file, step?.uses ?? step?.run, `\`uses\` or \`run\` in step ${i + 1} of job ${name}`);
    }
  }
  // The comment is what people read, and what Renovate goes by.
  for (const [, used] of readFileSync(path.join(root, file), 'utf8').matchAll(/uses: ((?!OWNER\/)\w.*)$/gm))
    expect(
      file,
      /@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(used),
      `a commit and its version as a comment in ${used}`,
    );
}
// Without shellcheck and pyflakes, which some machines have and some have not.
lint('actionlint', ['-config-file', '.github/actionlint.yaml', '-shellcheck=', '-pyflakes=', ...workflows]);
lint('zizmor', ['--offline', '--no-progress', '--config', '.github/zizmor.yml', 'action.yml', ...workflows]);

// GitHub leaves out a form that it cannot read, without a word.
for (const file of globSync('.github/ISSUE_TEMPLATE/!(config).yml', { cwd: root }).sort()) {
  const form = read(file);
  expect(file, form?.name && form?.description, '`name` and `description`');
  for (const [i, part] of (form?.body ?? [undefined]).entries())
    expect(
      file,
      part?.attributes?.label ?? part?.attributes?.value,
      `a label or a text in part ${i + 1} of \`body\``,
    );
}

const action = read('action.yml');
expect('action.yml', action?.runs?.using === 'node24', '`runs.using: node24`');
const main = action?.runs?.main;
expect('action.yml', main && existsSync(path.join(root, main)), `the file of \`runs.main\` (${main})`);

const app = read('app.yml');
expect('app.yml', app?.default_events?.length, '`default_events`');
expect(
  'app.yml',
  app?.default_permissions && !('workflows' in app.default_permissions),
  'no `workflows` permission',
);

const contract = parseContract(readFileSync(path.join(root, '.github/research.yml'), 'utf8'));
expect(
  '.github/research.yml',
  contract.kind === 'contract',
  `a contract that can be read: ${JSON.stringify(contract)}`,
);

for (const problem of problems) console.error(problem);
console.log(problems.length === 0 ? 'All workflow files are in order.' : `${problems.length} problems.`);
process.exitCode = problems.length === 0 ? 0 : 1;

/** The parsed file, or null with a problem noted. */
function read(file) {
  try {
    return load(readFileSync(path.join(root, file), 'utf8'));
  } catch (error) {
    problems.push(`${file}: ${error.message}`);
    return null;
  }
}

/** Runs one of the programs that the dev group of trainer/pyproject.toml brings; it says itself what is wrong. */
function lint(name, args) {
  const { status, error, stdout, stderr } = spawnSync(path.join(root, '.venv/bin', name), args, {
    cwd: root,
    encoding: 'utf8',
  });
  if (status !== 0) problems.push(error?.message ?? `${name}:\n${stdout}${stderr}`);
}

function expect(file, found, expected) {
  if (!found) problems.push(`${file}: expected ${expected}`);
}
