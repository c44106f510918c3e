/** The real trainer, real training runs, and a model whose three ideas are known to be good, bad and broken. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lineOf, TRAIN, TRAIN_TEXT, trainerFiles, trainingWorld, withValue } from './trainer.test-helper.ts';

const HEAD_LR = lineOf('HEAD_LR');
const MATRIX_LR = lineOf('MATRIX_LR');
/** The repository begins with an output head that hardly learns. */
const TOO_LOW = withValue(HEAD_LR, '0.0001');

const IDEAS = [
  { title: 'HEAD_LR as it should be', search: TOO_LOW, replace: HEAD_LR },
  { title: 'MATRIX_LR 30', search: MATRIX_LR, replace: withValue(MATRIX_LR, '30.0') },
  {
    title: 'a broken idea',
    search: MATRIX_LR,
    replace: `${MATRIX_LR}\nraise ValueError("planted: this cannot work")`,
  },
];

test('a planted good idea is merged, a bad one closed, a crash closed with its traceback', {
  timeout: 300_000,
}, async () => {
  const world = await trainingWorld(IDEAS);
  const place = await world.place('trainer', trainerFiles(TRAIN_TEXT.replace(HEAD_LR, TOO_LOW)));
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
