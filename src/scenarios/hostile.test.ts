/** Campaigns in which every candidate is hostile. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pullsOf, statusComments } from '../sim/invariants/read.ts';
import { tipOf } from '../sim/model/state.ts';
import { campaignScene, measureChampion, type Scene } from '../sim/scene.test-helper.ts';

const statusOf = ({ model, issue }: Scene) => statusComments(model, issue)[0] ?? assert.fail();

/** The trials that are running. */
function running({ model }: Scene): string[] {
  return [...model.runs.values()].filter(({ status }) => status !== 'completed').map(({ title }) => title);
}

/** A campaign whose champion, 1.0, has been audited, and whose first experiment trains. */
async function scene(experiments: number, limits: { hoursLimit?: number } = {}): Promise<Scene> {
  const made = campaignScene(experiments, 1, { refereed: true, crashesInARow: 3, ...limits });
  await measureChampion(made);
  await made.work();
  return made;
}

test('candidates that crash, lie and break their runners end a campaign by its number, one review at a time', async () => {
  const made = await scene(9);
  const base = tipOf(made.model, 'main');
  const hostile = [
    (trial: string) => made.crash(trial),
    (trial: string) => made.measure(trial, 0.2, 'flagged'),
    (trial: string) => made.measure(trial),
    (trial: string) => made.measure(trial, 0.2, 'not audited'),
  ];
  const reviews: string[] = [];
  for (let turn = 0; statusOf(made).state.phase !== 'finished'; turn++) {
    assert.ok(turn < 150, 'Expected it to end.');
    const { phase, reason } = statusOf(made).state;
    if (phase === 'paused') {
      reviews.push(reason);
      made.say('/research resume');
    }
    // One experiment sticks to its way: the number before the point.
    for (const trial of running(made)) hostile[Number(/\/(\d+)/.exec(trial)?.[1]) % hostile.length]?.(trial);
    made.pass(600);
    await made.work();
  }
  assert.match(statusOf(made).comment.body, /Finished: 9 of 9 experiments/);
  assert.deepEqual(new Set(pullsOf(made.model, 1).map(({ state }) => state)), new Set(['closed']));
  assert.equal(tipOf(made.model, 'main'), base);
  assert.ok(reviews.some(reason => /was flagged by its audit/.test(reason)));
});

test('candidates that use up all of their time end a campaign by its hours, and it says so', async () => {
  const made = await scene(50, { hoursLimit: 2 });
  let hours = 0;
  while (statusOf(made).state.phase !== 'finished' && hours < 3) {
    if (statusOf(made).state.phase === 'paused') made.say('/research resume');
    for (const trial of running(made)) made.crash(trial);
    made.pass(900);
    hours += 0.25;
    await made.work();
  }
  assert.ok(hours <= 2.25, `It went on for ${hours} hours.`);
  assert.match(statusOf(made).state.reason, /limit of 2 hours/);
  assert.ok(pullsOf(made.model, 1).length < 12);
});
