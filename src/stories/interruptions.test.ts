import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { everyKindTwice, everyWrite, killer, randomFrom } from './faults.test-helper.ts';
import { outcome } from './history.test-helper.ts';
import { type Lives, startLives } from './lives.test-helper.ts';
import type { Place } from './place.test-helper.ts';
import { researchFiles } from './repository.test-helper.ts';
import { startWorld, type World } from './world.test-helper.ts';

const KILLS = 5;
/** Writes that one life of a process gets at most. */
const LONGEST_LIFE = 15;
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

/** The campaign: three experiments, with a half that is merged and the other closed. */
async function begin(place: Place): Promise<number> {
  const issue = await place.issue();
  await place.comment('bob', issue, '/research 3');
  return issue;
}

/** Whether all three stand in the export, which comes last. */
async function isExported(place: Place): Promise<boolean> {
  const lines = (await place.file('results.tsv', 'research-log'))?.trimEnd().split('\n');
  return lines?.length === 5;
}

/** What people see in the end of the campaign, run by an App in this process. */
async function lived(lives: Lives) {
  const place = await lives.place('model', researchFiles());
  const issue = await begin(place);
  await lives.live(place, () => isExported(place));
  return outcome(await place.history(issue));
}

/** The same of an App that is a process. */
async function campaign(world: World) {
  const place = await world.place('model', researchFiles());
  const issue = await begin(place);
  await world.bot.start();
  await place.status(issue, /Finished: 3 of 3 experiments/, 300);
  await place.waitFor('the export of all three', () => isExported(place));
  return outcome(await place.history(issue));
}

describe('whatever interrupts the App, the campaign ends as an undisturbed one does', {
  concurrency: true,
}, () => {
  const undisturbed = startLives().then(lived);

  // One after the other: clients of one process that ask for a token at the same moment share the answer.
  describe('in a time that nobody waits for', () => {
    test('killed after each of its writes', async () => {
      const expected = await undisturbed;
      const kills = everyWrite(() => lives.kill());
      const lives = await startLives(kills);
      assert.deepEqual(await lived(lives), expected);
      const kinds = [...kills.struck].map(write => write.replace(/^\d+ (.*) \d+$/, '$1'));
      assert.deepEqual([...new Set(kinds)].sort(), WRITES);
      assert.ok(kinds.length > 60, `killed ${kinds.length} times`);
    });

    test('every kind of write fails once, and takes effect once while its answer is lost', async () => {
      const expected = await undisturbed;
      const { hit, ...faults } = everyKindTwice();
      assert.deepEqual(await startLives(faults).then(lived), expected);
      assert.deepEqual([...hit.before].sort(), WRITES);
      assert.deepEqual([...hit.after].sort(), WRITES);
    });
  });

  test(`a process that is killed ${KILLS} times at random writes (STORY_SEED=${SEED})`, async context => {
    context.diagnostic(`STORY_SEED=${SEED}`);
    const { follow, kills, ...faults } = killer(KILLS, LONGEST_LIFE, randomFrom(SEED));
    const world = await startWorld({ ...faults, pollSeconds: 1 });
    follow(world);
    const found = await campaign(world);
    assert.equal(kills(), KILLS);
    assert.deepEqual(found, await undisturbed);
  });
});
