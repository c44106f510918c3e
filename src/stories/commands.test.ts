import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BOT } from './github.test-helper.ts';
import { outcome } from './history.test-helper.ts';
import { researchFiles } from './repository.test-helper.ts';
import { startWorld } from './world.test-helper.ts';

const world = await startWorld();
const asking = await world.place('asking', researchFiles());
const turning = await world.place('turning', researchFiles());
const closing = await world.place('closing', researchFiles());
const more = await world.place('more', researchFiles());
await world.bot.start();

/** Seeds, and so the last digits, are another repository's own. */
const withoutNumbers = (title: string) => title.replace(/^[\d.]+ \([−+±][\d.]+\) /, '');

test('someone who may only read is refused politely, and nothing starts', async () => {
  const issue = await asking.issue();
  const comment = await asking.comment('eve', issue, '/research 3');
  const answer = await asking.answer(issue, comment);
  assert.match(answer, /^Sorry, eve: commands need write permission on this repository/);
  assert.deepEqual(await asking.reactions(comment), ['confused']);
  const history = await asking.history(issue);
  assert.deepEqual([history.pulls, history.runs, history.branches], [[], [], ['main']]);
});

test('a mistake is answered with what was expected, once, even when the App restarts', async () => {
  const issue = await asking.issue();
  const mistakes = [
    [
      '/research fifty',
      /Expected a number of experiments or one of try, stack, undo, status.* found `fifty`/,
    ],
    ['/research 0', /Expected a whole number of experiments from 1 to 10000, found `0`/],
    ['/research 100000', /from 1 to 10000, found `100000`/],
    ['/research 3 --paralel 2', /`--paralel` is not an option\. Did you mean `--parallel`\?/],
    ['/research pause', /There is no campaign on this issue yet/],
  ] as const;
  for (const [text, expected] of mistakes) {
    const comment = await asking.comment('bob', issue, text);
    assert.match(await asking.answer(issue, comment), expected);
    assert.deepEqual((await asking.reactions(comment)).sort(), ['confused', 'eyes']);
  }
  await world.bot.kill();
  await world.bot.start();
  const help = await asking.comment('bob', issue, '/research help');
  // Commands are answered in their order, so whatever was answered again stands before this.
  assert.match(
    await asking.answer(issue, help),
    /`\/research 50` starts a campaign of 50 experiments[\s\S]*`--budget 5m`/,
  );
  const authors = (await asking.comments(issue)).map(({ author }) => author);
  assert.deepEqual(authors, [...mistakes.flatMap(() => ['bob', BOT]), 'bob', BOT]);
});

test('talk about the command, in a quote or in passing, is no command', async () => {
  const issue = await asking.issue();
  for (const text of ['> /research 3', 'Shall we?\n```\n/research 3\n```', 'As `/research 3` did'])
    await asking.comment('bob', issue, text);
  await asking.answer(issue, await asking.comment('bob', issue, '/research help'));
  assert.equal((await asking.comments(issue)).length, 5);
});

test('a campaign pauses, resumes, and stops with what it has open; more experiments go on after it', async () => {
  const issue = await turning.issue();
  world.hold('depth: 1');
  await turning.comment('bob', issue, '/research 3');
  await turning.training('1/0.1');
  await turning.comment('bob', issue, '/research pause');
  await turning.status(issue, /⏸ Paused: 0 of 3 experiments[\s\S]*\*\*Paused:\*\* Requested by bob\./);
  world.release();
  // What was running is finished and recorded, and nothing new is started.
  await turning.status(issue, /Spent: 1 trial,/);
  assert.deepEqual((await turning.history(issue)).runs, ['1/0.1']);

  world.hold('depth: 2');
  await turning.comment('alice', issue, '/research resume');
  await turning.training('1/1.1');
  const asked = await turning.comment('eve', issue, '/research status');
  assert.match(await turning.answer(issue, asked), /^Sorry, eve/);
  const told = await turning.comment('bob', issue, '/research status');
  assert.match(
    await turning.answer(issue, told),
    /Running: 0 of 3 experiments[\s\S]*\| +1 \| #2 +\|.*⏳ running \| depth 1 → 2 \|/,
  );
  await turning.comment('bob', issue, '/research stop');
  await turning.status(issue, /⏹ Stopped: 1 of 3 experiments/);
  world.release();
  const stopped = await turning.history(issue);
  assert.deepEqual(
    stopped.pulls.map(({ title, state }) => `${state}: ${title}`),
    ['closed: stopped: depth 1 → 2'],
  );
  assert.match(
    stopped.pulls[0]?.comments[0]?.body ?? '',
    /The campaign ended before this experiment had a verdict/,
  );
  assert.equal(stopped.main.length, 1);
  assert.ok(!stopped.branches.includes('research/1/1'));
  const { data } = await turning.alice.rest.actions.listWorkflowRunsForRepo({ ...turning.repo, per_page: 1 });
  assert.equal(data.workflow_runs[0]?.conclusion, 'cancelled');

  await turning.comment('bob', issue, '/research 1');
  await turning.status(issue, /🏁 Finished: 2 of 2 experiments/);
  assert.deepEqual(
    (await turning.history(issue)).pulls.map(({ title, state }) => `${state}: ${withoutNumbers(title)}`),
    ['closed: stopped: depth 1 → 2', 'closed: width 1 → 2'],
  );
});

test('closing the issue stops the campaign and closes its experiment', async () => {
  const issue = await closing.issue();
  world.hold('depth: 2');
  await closing.comment('bob', issue, '/research 2');
  await closing.training('1/1.1');
  await closing.alice.rest.issues.update({ ...closing.repo, issue_number: issue, state: 'closed' });
  await closing.status(issue, /⏹ Stopped: 1 of 2 experiments[\s\S]*\*\*Ended:\*\* The issue was closed\./);
  world.release();
  const history = await closing.history(issue);
  assert.deepEqual(
    history.pulls.map(({ title, state }) => `${state}: ${title}`),
    ['closed: stopped: depth 1 → 2'],
  );
  assert.ok(!history.branches.includes('research/1/1'));
  const late = await closing.comment('bob', issue, '/research 2');
  assert.match(await closing.answer(issue, late), /This issue is closed\. Reopen it/);
});

test('`/research 2` on a finished campaign adds two, and measures the champion no more', async () => {
  const issue = await more.issue();
  await more.comment('bob', issue, '/research 1');
  const reported = (count: RegExp) =>
    more.waitFor('the report', async () => (await more.comments(issue)).some(({ body }) => count.test(body)));
  await reported(/better\): 1 of 1 experiment merged/);
  await more.comment('alice', issue, '/research 2');
  await reported(/better\): 2 of 3 experiments merged/);
  const { pulls, runs, issue: said } = outcome(await more.history(issue));
  assert.deepEqual(
    pulls.map(({ title, state }) => `${state}: ${withoutNumbers(title)}`),
    ['merged: depth 1 → 2', 'closed: width 1 → 2', 'merged: decay 1 → 3'],
  );
  assert.deepEqual(runs, ['1/0.1', '1/0.2', '1/0.3', '1/1.1', '1/2.1', '1/3.1']);
  assert.deepEqual(
    said.map(line => line.replace(/val_bpb .*better\)/, 'better')),
    [
      'bob: /research 1',
      `${BOT}: ### 🏁 Finished: 3 of 3 experiments`,
      `${BOT}: ### 🏁 better: 1 of 1 experiment merged`,
      'alice: /research 2',
      `${BOT}: ### 🏁 better: 2 of 3 experiments merged`,
    ],
  );
});

test('what was asked for before the last experiment is not taken up again, even where every trace in comments is gone', async () => {
  const issue = 1;
  const gone = await more.comments(issue);
  const status = gone.find(({ body }) => body.includes('autoresearch:campaign'));
  await more.alice.rest.issues.deleteComment({ ...more.repo, comment_id: status?.id ?? 0 });
  await world.bot.kill();
  await world.bot.start();
  await more.answer(issue, await more.comment('bob', issue, '/research help'));
  assert.equal((await more.history(issue)).pulls.length, 3);
  await more.comment('bob', issue, '/research 1');
  await more.status(issue, /🏁 Finished: 4 of 4 experiments/);
});

test('the App logged no error', () => {
  assert.deepEqual(world.errors(), []);
});
