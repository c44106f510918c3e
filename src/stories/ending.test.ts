/** The end of a campaign with the real trainer: a ladder, the time that was saved, and what each merge is still worth. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BOT } from './github.test-helper.ts';
import { lineOf, TRAIN_TEXT, trainerFiles, trainingWorld, withValue } from './trainer.test-helper.ts';

/** Rates that begin too low. Each idea corrects one of them. */
const RATES = [
  ['HEAD_LR', '0.0001'],
  ['EMBED_LR', '0.0005'],
] as const;
const IDEAS = RATES.map(([name, low]) => {
  const line = lineOf(name);
  return { title: `${name} as it should be`, search: withValue(line, low), replace: line };
});
const START = IDEAS.reduce((text, { search, replace }) => text.replace(replace, search), TRAIN_TEXT);
const KEYS = `base: campaign
ladder: [{budget: 8s}]
promote: {at_least: 0.1}
time_to_quality: 2
ablation: 2
`;

test('a campaign ends with longer trainings, a shorter one, and each merge left out', {
  timeout: 900_000,
}, async () => {
  const world = await trainingWorld(IDEAS);
  const place = await world.place('ending', trainerFiles(START, KEYS));
  await world.bot.start();
  const issue = await place.issue();
  await place.comment('alice', issue, '/research 2');
  await place.status(issue, /🏁 Finished: 2 of 2/, 880);

  const report = await place.waitFor('the report', async () =>
    (await place.comments(issue))
      .map(({ author, body }) => (author === BOT ? body : ''))
      .find(body => /^### 🏁 .*2 of 2 experiments merged/m.test(body)),
  );
  assert.match(
    report,
    /- At 8\.0 s: \d\.\d{4} against \d\.\d{4} \(3 seeds each, standard error \d\.\d+\), \*\*\d+% of the gain at 4\.0 s/,
  );
  assert.match(report, /now needs \*\*(less than )?[\d.:]+ (s )?of /);
  assert.equal(report.match(/worse without it/g)?.length, 2, 'each carries something');
  const offered = await place.waitFor(
    'the promotion',
    async () => (await place.alice.rest.pulls.list({ ...place.repo, state: 'open' })).data[0]?.body,
  );
  assert.match(offered, /- At 8\.0 s: /, 'what is offered says how it holds');
  assert.deepEqual(world.errors(), []);
});
