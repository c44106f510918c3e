import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contractWith, researchFiles } from './repository.test-helper.ts';
import { startWorld } from './world.test-helper.ts';

/** Says how large the model is, beside what the score says. */
const SIZED = `#!/bin/sh
if grep -q 'depth: 2' settings.txt; then echo 'model_mb: 150'; else echo 'model_mb: 100'; fi
exec sh score/unsized.sh
`;

const world = await startWorld();
const place = await world.place(
  'model',
  researchFiles({
    '.github/research.yml': contractWith('agents:', 'guards: [{name: model_mb, at_most: 1.1x}]\nagents:'),
    'score/score.sh': SIZED,
    'score/unsized.sh': researchFiles().get('score/score.sh') ?? '',
  }),
);
await world.bot.start();
const issue = await place.issue();
await place.comment('bob', issue, '/research 3');
await place.status(issue, /🏁 Finished: 3 of 3 experiments/);
await place.waitFor('the export of all three', async () => {
  const lines = await place.file('results.tsv', 'research-log');
  return lines?.trim().split('\n').length === 5;
});
const history = await place.history(issue);

test('an idea that gains but breaks a guard is closed, and what keeps it is merged', () => {
  assert.deepEqual(
    history.pulls.map(({ state, marker }) => [state, marker.verdict?.kind, marker.idea.title]),
    [
      ['closed', 'guard', 'depth 1 → 2'],
      ['closed', 'close', 'width 1 → 2'],
      ['merged', 'merge', 'decay 1 → 3'],
    ],
  );
  assert.equal(history.pulls[0]?.title, 'guard: depth 1 → 2');
  assert.equal(history.main.length, 2);
  const check = history.checks.find(({ trial }) => trial === `${issue}/1.1`);
  assert.equal(check?.conclusion, 'neutral', 'what breaks a guard has no green tick');
  assert.doesNotMatch(history.main.map(({ subject }) => subject).join('\n'), /depth/);
});

test('its comment says first what it broke, then how it scored, and shows the numbers', () => {
  const said = history.pulls[0]?.comments[0]?.body ?? '';
  assert.match(
    said,
    /^🛑 \*\*Not merged:\*\* Breaks the guard model\\_mb: 150 in 1 trial, but at most 110 is allowed \(1\.1x the reference champion's 100\)\. val_bpb \*\*0\.9\d+\*\*, 0\.0\d+ better than the champion/,
  );
  assert.match(
    said,
    /\| model\\_mb ¹ +\| +150\.0000 \| +1 \| ≤ 110\.0000 \(1\.1x\) \| +100\.0000 \| +0 \| \*\*broken\*\*/,
  );
  assert.match(history.pulls[2]?.comments[0]?.body ?? '', /\| model\\_mb ¹ .*\| ok/);
});

test('the status and the export show it, and the five columns of results.tsv stay', async () => {
  const status = history.issue[1]?.body ?? '';
  assert.match(status, /\*\*Guards:\*\* `model_mb` ≤ 110\.0000 \(1\.1x\), the champion has 100\.0000\./);
  assert.match(status, /\| \*\*150\.0000\*\* +\| 🛑 breaks a guard \| depth 1 → 2/);
  const results = (await place.file('results.tsv', 'research-log')) ?? '';
  assert.match(results, /^commit\tval_bpb\tmemory_gb\tstatus\tdescription\n/);
  assert.match(results, /\tguard\tdepth 1 → 2\n/);
  const guards = (await place.file('guards.tsv', 'research-log')) ?? '';
  const [head, ...rows] = guards.trim().split('\n');
  assert.equal(head, 'commit\tguard\tvalue\ttrials\tside\tlimit\tbound\tresult');
  assert.deepEqual(
    rows.map(row => row.split('\t').filter((_, i) => ![0, 3].includes(i))),
    [
      ['model_mb', '150.000000', 'at_most', '110.000000', '1.1x', 'broken'],
      ['model_mb', '100.000000', 'at_most', '110.000000', '1.1x', 'kept'],
      ['model_mb', '100.000000', 'at_most', '110.000000', '1.1x', 'kept'],
    ],
  );
  assert.deepEqual(world.errors(), []);
});
