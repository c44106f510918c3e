/** The real trainer, real training runs, and a model whose three ideas are known to be good, bad and broken. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { workflowText } from '../starter/templates.ts';
import { askedFor } from './model.test-helper.ts';
import { CHECKOUT } from './repository.test-helper.ts';
import { startWorld } from './world.test-helper.ts';

const TRAIN = 'trainer/train.py';
const TRAIN_TEXT = readFileSync(join(CHECKOUT, TRAIN), 'utf8');
const HEAD_LR = lineOf(/^HEAD_LR = .*$/m);
const MATRIX_LR = lineOf(/^MATRIX_LR = .*$/m);
/** The repository begins with an output head that hardly learns. */
const TOO_LOW = HEAD_LR.replace(/= \S+/, '= 0.0001');

const IDEAS = [
  { title: 'HEAD_LR as it should be', search: TOO_LOW, replace: HEAD_LR },
  { title: 'MATRIX_LR 30', search: MATRIX_LR, replace: MATRIX_LR.replace(/= \S+/, '= 30.0') },
  {
    title: 'a broken idea',
    search: MATRIX_LR,
    replace: `${MATRIX_LR}\nraise ValueError("planted: this cannot work")`,
  },
];

test('a planted good idea is merged, a bad one closed, a crash closed with its traceback', {
  timeout: 300_000,
}, async () => {
  const world = await startWorld({
    jobs: true,
    clockRate: 1,
    path: [join(CHECKOUT, '.venv/bin'), process.env.PATH].join(delimiter),
    data: join(CHECKOUT, '.autoresearch/data'),
    model: request => {
      const { title, search, replace } = IDEAS[(askedFor(request) - 1) % IDEAS.length] ?? {};
      return JSON.stringify({ title, hypothesis: 'Planted.', edits: [{ path: TRAIN, search, replace }] });
    },
  });
  const place = await world.place('trainer', trainerFiles());
  await world.bot.start();
  const issue = await place.issue();
  await place.comment('alice', issue, '/research 3');
  await place.status(issue, /🏁 Finished: 3 of 3/, 280);

  const { data: pulls } = await place.alice.rest.pulls.list({
    ...place.repo,
    state: 'all',
    sort: 'created',
    direction: 'asc',
  });
  assert.deepEqual(
    pulls.map(pull => pull.merged_at !== null),
    [true, false, false],
  );
  assert.match(pulls[0]?.title ?? '', /^\d\.\d{4} \(−\d\.\d{4}\) HEAD_LR 0\.0001 → \S+$/);
  assert.match(
    pulls[1]?.title ?? '',
    /^(\d+\.\d{4} \(\+\d+\.\d{4}\)|crash:) MATRIX_LR \S+ → 30\S*$/,
    'worse, or not a number at all',
  );
  assert.match(pulls[2]?.title ?? '', /^crash: /);
  const told = await place.comments(pulls[2]?.number ?? 0);
  assert.match(told[0]?.body ?? '', /Traceback[\s\S]*ValueError: planted: this cannot work/);
  assert.equal(
    await place.file(TRAIN, 'main'),
    TRAIN_TEXT,
    'the base branch now has the good rate, and nothing else changed',
  );
});

function lineOf(pattern: RegExp): string {
  const line = pattern.exec(TRAIN_TEXT)?.[0];
  if (line === undefined) throw new Error(`Expected a line like ${pattern} in ${TRAIN}, found none.`);
  return line;
}

/** The trainer of this checkout with the planted rate, as the first commit of a repository. */
function trainerFiles(): Map<string, string> {
  for (const needed of ['.venv/bin/python3', '.autoresearch/data/manifest.json'])
    if (!existsSync(join(CHECKOUT, needed))) throw new Error(`Expected ${needed}; run \`npm run setup\`.`);
  const tracked = execFileSync('git', ['ls-files', 'trainer'], { cwd: CHECKOUT, encoding: 'utf8' })
    .trim()
    .split('\n');
  const files = new Map(tracked.map(path => [path, readFileSync(join(CHECKOUT, path), 'utf8')]));
  files.set(TRAIN, TRAIN_TEXT.replace(HEAD_LR, TOO_LOW));
  files.set(
    '.github/research.yml',
    'trial: {budget: 4s, timeout: 90s}\nagents:\n  - {name: gpt, use: openai, model: scripted}\n',
  );
  files.set(
    '.github/workflows/experiment.yml',
    workflowText({ action: 'autoresearch/autoresearch-bot@v1', command: 'python3 trainer/train.py' }),
  );
  return files;
}
