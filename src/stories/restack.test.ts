import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { inOrder, proposal } from './model.test-helper.ts';
import type { Place } from './place.test-helper.ts';
import { researchFiles } from './repository.test-helper.ts';
import { startWorld } from './world.test-helper.ts';

/** Knows the first idea, and how to make it again on the one champion that `ported` has; nothing else. */
const world = await startWorld({
  model: request => {
    const asked = request.messages.map(({ content }) => content).join('\n');
    if (!asked.includes('# An earlier idea that needs new edits')) return inOrder(request);
    if (asked.includes('depth: 7')) return 'I would rather not.';
    return proposal({ title: 'depth 3 → 2', from: 'depth: 3\nwidth: 1', to: 'depth: 2\nwidth: 1' });
  },
});
const beside = await world.place('beside', researchFiles());
const across = await world.place('across', researchFiles());
const ported = await world.place('ported', researchFiles());
await world.bot.start();

/** Starts a campaign of one experiment, and pushes `text` to `path` on main while its trial runs. Returns the issue. */
async function pushMeanwhile(place: Place, path: string, text: string): Promise<number> {
  const issue = await place.issue();
  world.hold('depth: 2');
  await place.comment('bob', issue, '/research 1');
  await place.training('1/1.1');
  const { dir, git } = await place.clone();
  writeFileSync(join(dir, path), text);
  await git('commit', '--quiet', '--all', '--message', 'Meanwhile');
  await git('push', '--quiet', 'origin', 'main');
  world.release();
  await place.status(issue, /🏁 Finished: 1 of 1 experiments/);
  return issue;
}

test('a candidate measured on an old champion is made again on the new one, and measured there, before it is merged', async () => {
  const issue = await pushMeanwhile(beside, 'README.md', 'A small model, described.\n');
  const { pulls, main, checks } = await beside.history(issue);
  assert.deepEqual(
    main.map(({ subject }) => subject),
    ['Initial commit', 'Meanwhile', '0.9800 (−0.0200) depth 1 → 2 (#2)'],
  );
  const [first, meanwhile, tip] = main;
  const [pull] = pulls;
  assert.equal(pull?.marker.restacks, 1);
  assert.equal(pull?.marker.champion.sha, meanwhile?.sha);
  assert.equal(tip?.tree, pull?.headTree);
  assert.equal(await beside.file('README.md', 'main'), 'A small model, described.\n');
  assert.equal(tip?.trailers.Trials, '1/1.2');
  for (const trial of pull?.marker.trials ?? []) {
    assert.equal(trial.base, meanwhile?.sha);
    assert.equal(trial.tree, tip?.tree);
  }
  // The trial on the old champion stays on record, and so does every trial of both champions.
  const measuredOn = Map.groupBy(checks, ({ headSha }) => headSha);
  assert.deepEqual(
    measuredOn.get(first?.sha ?? '')?.map(({ trial }) => trial),
    ['1/0.1', '1/0.2', '1/0.3'],
  );
  assert.deepEqual(
    measuredOn.get(meanwhile?.sha ?? '')?.map(({ trial }) => trial),
    ['1/0.4', '1/0.5', '1/0.6'],
  );
  assert.ok(checks.every(({ status }) => status === 'completed'));
});

test('an idea whose lines a person changed meanwhile is ported by the agent and measured again', async () => {
  const settings =
    researchFiles()
      .get('settings.txt')
      ?.replace('depth: 1', 'depth: 3')
      .replace('notes: none', 'notes: many') ?? '';
  const issue = await pushMeanwhile(ported, 'settings.txt', settings);
  const { pulls, main } = await ported.history(issue);
  assert.deepEqual(
    pulls.map(({ state, marker }) => [state, marker.idea.title, marker.restacks, marker.cost.calls]),
    [['merged', 'depth 3 → 2', 1, 2]],
  );
  assert.deepEqual(pulls[0]?.marker.earlier.trials, 1, 'what the first version cost is not forgotten');
  assert.match((await ported.file('settings.txt', 'main')) ?? '', /^depth: 2\nwidth: 1\n/);
  assert.deepEqual(main.map(({ subject }) => subject).slice(0, 2), ['Initial commit', 'Meanwhile']);
});

test('one that the agent does not port is closed, and says so', async () => {
  const settings = researchFiles().get('settings.txt')?.replace('depth: 1', 'depth: 7') ?? '';
  const issue = await pushMeanwhile(across, 'settings.txt', settings);
  const { pulls, main } = await across.history(issue);
  assert.deepEqual(
    pulls.map(({ state, title }) => `${state}: ${title}`),
    ['closed: superseded: depth 1 → 2'],
  );
  assert.match(
    pulls[0]?.comments[0]?.body ?? '',
    /The champion changed, its edits no longer apply, and the agent could not port them/,
  );
  assert.equal(main.at(-1)?.subject, 'Meanwhile');
});

test('the App logged no error', () => {
  assert.deepEqual(world.errors(), []);
});
