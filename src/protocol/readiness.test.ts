import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseContract } from './contract-file.ts';
import { fileObstacles } from './readiness.ts';
import { fileOf, type RepositoryFile } from './repository-file.ts';

const WORKFLOW = `on:
  workflow_dispatch:
    inputs: {trial: , base: , candidate: , seed: , budget: , timeout: }
jobs:
  trial: {runs-on: self-hosted, timeout-minutes: 180, steps: []}
`;
const OWN = '.github/workflows/experiment.yml';
const READY: Record<string, string | RepositoryFile> = {
  [OWN]: WORKFLOW,
  'train.py': 'LR = 1\n',
  'program.md': 'Go.\n',
};
const CONTRACT = 'editable: [train.py]\nbrief: program.md\n';

async function obstaclesOf(
  files: Record<string, string | RepositoryFile | null>,
  contract = '',
): Promise<string[]> {
  const all = { ...READY, ...files };
  const parsed = parseContract(`${CONTRACT}${contract}`);
  assert.ok(parsed.kind === 'contract', JSON.stringify(parsed));
  const file = async (path: string) => {
    const found = all[path] ?? null;
    return typeof found === 'string' ? fileOf(Buffer.from(found)) : found;
  };
  const workflows = async () => Object.keys(all).filter(path => path.startsWith('.github/workflows/'));
  return fileObstacles({ name: 'main', file, workflows }, parsed.contract);
}

const MODEL = 'agents: [{name: gpt, use: openai, model: m}]\n';

test('a repository that is ready has no obstacles', async () => {
  assert.deepEqual(await obstaclesOf({}, MODEL), []);
});

test('an editable path that is no text file is named, with what to write instead', async () => {
  const lists = '`.github/research.yml` lists `train.py` under `editable`, ';
  const cases: [RepositoryFile | null, string][] = [
    [null, 'but there is no such file on `main`. Correct the path or add the file.'],
    [
      fileOf(Buffer.from('é', 'latin1')),
      'which is not UTF-8. Experiments can only change text files in UTF-8.',
    ],
    [fileOf(new Uint8Array([0])), 'which is a binary file. Experiments can only change text files in UTF-8.'],
    [
      { kind: 'folder', files: ['train.py/a', 'train.py/b'] },
      'which is a folder. List the files that experiments may change: `train.py/a`, `train.py/b`.',
    ],
    [
      { kind: 'folder', files: ['a', 'b', 'c', 'd', 'e', 'f'] },
      'which is a folder. List the files that experiments may change: `a`, `b`, `c`, `d`, `e` ….',
    ],
    [
      fileOf(Buffer.alloc(400_001, 'x')),
      'which has 400001 bytes. Experiments can only change files of at most 400000 bytes.',
    ],
    [{ kind: 'folder', files: [] }, 'which is a folder. List the files that experiments may change.'],
  ];
  for (const [file, reason] of cases)
    assert.deepEqual(await obstaclesOf({ 'train.py': file }), [lists + reason]);
});

test('a brief is needed by agents that read it', async () => {
  assert.deepEqual(await obstaclesOf({ 'program.md': null }), []);
  assert.deepEqual(await obstaclesOf({ 'program.md': null }, MODEL), [
    '`.github/research.yml` lists `program.md` under `brief`, but there is no such file on `main`. Correct the path or add the file.',
  ]);
});

test('a workflow that ends jobs before a trial may end is refused with both numbers', async () => {
  assert.deepEqual(await obstaclesOf({}, 'trial: {budget: 2h}\n'), [
    `\`${OWN}\` ends a job after 180 minutes (\`timeout-minutes\`), but \`trial.timeout\` is 4h. Raise one or lower the other.`,
  ]);
  assert.deepEqual(await obstaclesOf({}, 'ladder: [{budget: 2h}]\n'), []);
  assert.deepEqual(await obstaclesOf({}, 'ladder: [{budget: 30m}, {budget: 3h}]\n'), [
    `\`${OWN}\` ends a job after 180 minutes (\`timeout-minutes\`), but a trial of 3h (\`ladder\`) may take 198 minutes. Raise \`timeout-minutes\` or shorten the ladder.`,
  ]);
});

test('workflows are read however they are written, and none costs much', async () => {
  const foreign = async (text: string) =>
    (await obstaclesOf({ '.github/workflows/label.yml': text }))[0] ?? '';
  for (const on of [
    'pull_request_target',
    '[push, pull_request_target]',
    '{pull_request_target: {types: [opened]}}',
  ])
    assert.match(await foreign(`on: ${on}\njobs: {}\n`), /label\.yml` runs on `pull_request_target`/);
  const shared = 'x: &x {a: 1}\non: {pull_request_target: *x}\njobs: {}\n';
  assert.match(await foreign(shared), /runs on `pull_request_target`/, 'GitHub allows aliases');
  const bomb = Array.from(
    { length: 9 },
    (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(', ')}]`,
  );
  for (const text of [
    'on: push\njobs: [',
    '- 1',
    'on: &a [*a]\n',
    `a0: &a0 [x]\n${bomb.join('\n')}\non: *a9\n`,
    `on: ${'['.repeat(1e5)}`,
  ])
    assert.equal(await foreign(text), '');
  assert.match(
    (await obstaclesOf({ [OWN]: 'on: [' })).join(),
    /is not a valid workflow\. `autoresearch init --force`/,
  );
  assert.match(
    (await obstaclesOf({ [OWN]: 'on: {workflow_dispatch: {inputs: {trial: }}}\njobs: {}\n' })).join(),
    /must accept the inputs `base`, `candidate`, `seed`, `budget`, `timeout` under/,
  );
});
