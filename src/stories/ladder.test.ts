/** The end of a campaign on the local GitHub: longer and shorter trials of both champions, the pull request, and the report. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BOT } from './github.test-helper.ts';
import { contractWith, researchFiles } from './repository.test-helper.ts';
import { startWorld } from './world.test-helper.ts';

const world = await startWorld({ pollSeconds: 1 });
const contract = contractWith(
  'trial: {',
  'base: campaign\nladder: [{budget: 10s}]\npromote: {at_least: 0.5}\ntime_to_quality: 2\ntrial: {',
);
const place = await world.place('ladder', researchFiles({ '.github/research.yml': contract }));
await world.bot.start();
const issue = await place.issue();
await place.comment('bob', issue, '/research 1');
await place.status(issue, /proposes the improvements for `main`/, 240);

test('the result was measured at other budgets, on the same new seeds, before it was offered', async () => {
  const { data } = await place.alice.rest.actions.listWorkflowRunsForRepo({ ...place.repo, per_page: 100 });
  const names = data.workflow_runs
    .map(({ display_title: title }) => title)
    .filter(title => title.startsWith('1/10'));
  assert.deepEqual(names.toSorted(), [
    ...[1, 2].flatMap(number => [1, 2, 3].map(k => `1/1000${number}.${k}`)),
    '1/10003.1',
    '1/10004.1',
  ]);
  const { data: open } = await place.alice.rest.pulls.list({ ...place.repo, state: 'open' });
  assert.match(
    open[0]?.body ?? '',
    /Measured once more on new seeds:\n\n- At 10 s: 0\.\d{4} against 1\.\d{4} \(3 seeds each, standard error \S+\), \*\*\d+% of the gain at 5\.0 s\*\*/,
  );
});

test('one comment reports all of it', async () => {
  const reports = (await place.comments(issue)).filter(
    ({ author, body }) => author === BOT && body.startsWith('### 🏁'),
  );
  assert.equal(reports.length, 1);
  const text = reports[0]?.body ?? '';
  assert.match(
    text,
    /^### 🏁 val_bpb 1\.\d{4} → 0\.\d{4} \(−0\.\d{4}, \d\.\d% better\): 1 of 1 experiment merged/,
  );
  assert.match(text, /where the campaign began, now needs \*\*(less than )?\d\.\d s of 5\.0 s\*\*/);
  assert.match(text, /- At 10 s: .* of the gain at 5\.0 s/);
  assert.deepEqual(world.errors(), []);
});
