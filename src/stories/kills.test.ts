import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isWrite } from './faults.test-helper.ts';
import { outcome } from './history.test-helper.ts';
import { researchFiles } from './repository.test-helper.ts';
import { startWorld, type World } from './world.test-helper.ts';

const KILLS = 20;
/** Writes that one life of the App gets at most: about sixty make a campaign of four experiments. */
const LONGEST_LIFE = 8;
const SEED = Number(process.env.STORY_SEED ?? Date.now() % 1_000_000);

/** Kills the App right before or right after one of its next writes, `KILLS` times, and starts it again. */
function assassin(random: () => number) {
  let writesLeft = 0;
  let kills = 0;
  let world: World | null = null;
  let before = false;
  const aim = () => {
    writesLeft = 1 + Math.floor(random() * LONGEST_LIFE);
    before = random() < 0.5;
  };
  const strike = async () => {
    kills++;
    const victim = world;
    await victim?.bot.kill();
    aim();
    void victim?.bot.start();
    // Nobody is left to read this.
    return new Response(null, { status: 502 });
  };
  const armed = () => world !== null && kills < KILLS;
  return {
    kills: () => kills,
    follow(victim: World) {
      world = victim;
      aim();
    },
    intercept: (request: Request) => {
      if (!armed() || !isWrite(request)) return undefined;
      writesLeft--;
      return writesLeft === 0 && before ? strike() : undefined;
    },
    afterwards: (request: Request) =>
      armed() && isWrite(request) && writesLeft <= 0 && !before ? strike() : undefined,
  };
}

test(`an App that is killed ${KILLS} times does what an undisturbed one does (STORY_SEED=${SEED})`, async context => {
  context.diagnostic(`STORY_SEED=${SEED}`);
  const undisturbed = await campaign(await startWorld());
  const killer = assassin(randomFrom(SEED));
  const world = await startWorld({ intercept: killer.intercept, afterwards: killer.afterwards });
  killer.follow(world);
  const disturbed = await campaign(world);
  context.diagnostic(`killed ${killer.kills()} times`);
  assert.equal(killer.kills(), KILLS);
  assert.deepEqual(disturbed, undisturbed);
});

async function campaign(world: World) {
  const place = await world.place('model', researchFiles());
  const issue = await place.issue();
  await place.comment('bob', issue, '/research 4');
  await world.bot.start();
  await place.status(issue, /Finished: 4 of 4 experiments/, 120);
  await place.waitFor(
    'the export',
    async () => (await place.file('results.tsv', 'research-log'))?.split('\n').length === 7,
  );
  return outcome(await place.history(issue));
}

/** Numbers from 0 to 1 that `seed` (a whole number) decides: a linear congruential generator. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
