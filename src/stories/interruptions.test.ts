import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { everyKindOnce, killer, randomFrom } from './faults.test-helper.ts';
import { outcome } from './history.test-helper.ts';
import { researchFiles } from './repository.test-helper.ts';
import { startWorld, type World } from './world.test-helper.ts';

const KILLS = 20;
/** Writes that one life of the App gets at most. */
const LONGEST_LIFE = 5;
const SEED = Number(process.env.STORY_SEED ?? Date.now() % 1_000_000);
/** Every write that a campaign of a merge, a close and a merge takes. */
const WRITES = [
  'DELETE git/refs/heads/*',
  'PATCH check-runs/*',
  'PATCH git/refs/heads/*',
  'PATCH issues/comments/*',
  'PATCH pulls/*',
  'POST actions/workflows/experiment.yml/dispatches',
  'POST check-runs',
  'POST git/commits',
  'POST git/refs',
  'POST git/trees',
  'POST issues/*/comments',
  'POST issues/*/labels',
  'POST issues/comments/*/reactions',
  'POST pulls',
  'PUT pulls/*/merge',
];

/** A campaign of three experiments, with a half that is merged and the other closed; what people see of it in the end. */
async function campaign(world: World) {
  const place = await world.place('model', researchFiles());
  const issue = await place.issue();
  await place.comment('bob', issue, '/research 3');
  await world.bot.start();
  await place.status(issue, /Finished: 3 of 3 experiments/, 150);
  await place.waitFor('the export of all three', async () => {
    const lines = (await place.file('results.tsv', 'research-log'))?.trimEnd().split('\n');
    return lines?.length === 5;
  });
  return outcome(await place.history(issue));
}

describe('whatever interrupts the App, the campaign ends as an undisturbed one does', {
  concurrency: true,
}, () => {
  const undisturbed = startWorld({ pollSeconds: 1 }).then(campaign);

  test(`killed ${KILLS} times at random writes (STORY_SEED=${SEED})`, async context => {
    context.diagnostic(`STORY_SEED=${SEED}`);
    const { follow, kills, ...faults } = killer(KILLS, LONGEST_LIFE, randomFrom(SEED));
    const world = await startWorld({ ...faults, pollSeconds: 1 });
    follow(world);
    const found = await campaign(world);
    assert.equal(kills(), KILLS);
    assert.deepEqual(found, await undisturbed);
  });

  test('no webhook ever arrives', async () => {
    const world = await startWorld({ webhooks: false, pollSeconds: 1 });
    assert.deepEqual(await campaign(world), await undisturbed);
    assert.deepEqual(world.github.deliveries, []);
    assert.deepEqual(world.errors(), []);
  });

  for (const [when, what] of [
    ['before', 'fails once'],
    ['after', 'takes effect once while its answer is lost'],
  ] as const)
    test(`every kind of write ${what}`, async () => {
      const hit = new Set<string>();
      const world = await startWorld({ ...everyKindOnce(when, hit), pollSeconds: 1 });
      assert.deepEqual(await campaign(world), await undisturbed);
      assert.deepEqual([...hit].sort(), WRITES);
    });
});
