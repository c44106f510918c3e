import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pullsOf, statusComments } from '../sim/invariants/read.ts';
import { answerTo } from '../sim/page.test-helper.ts';
import { campaignScene, type Scene } from '../sim/scene.test-helper.ts';

const statusOf = ({ model, issue }: Scene) => statusComments(model, issue)[0] ?? assert.fail();

/** A campaign under this limit whose champion is measured and whose first experiment trains. */
async function training(limit: { hoursLimit?: number; usdLimit?: number }, usd = 0): Promise<Scene> {
  const scene = campaignScene(3, 1, limit);
  const { chooseAgent } = scene.context;
  scene.context.chooseAgent = (...wanted) => {
    const chosen = chooseAgent(...wanted);
    if (chosen.kind === 'problem') return chosen;
    const { agent } = chosen;
    const propose: typeof agent.propose = async (...asked) => {
      const proposal = await agent.propose(...asked);
      return { ...proposal, cost: { ...proposal.cost, calls: 1, usd } };
    };
    return { kind: 'agent', agent: { ...agent, propose } };
  };
  for (const [k, value] of [1, 1.001, 0.999].entries()) {
    await scene.work();
    scene.measure(`1/0.${k + 1}`, value);
  }
  await scene.work();
  return scene;
}

test('a campaign whose hours are over while an experiment trains judges it and finishes; `/research N` sets a new clock', async () => {
  const scene = await training({ hoursLimit: 2 });
  assert.match(statusOf(scene).comment.body, /No new experiments after 2026-03-08 02:00 UTC\./);
  scene.pass(2 * 3600);
  scene.measure('1/1.1', 1.1);
  await scene.work();
  assert.deepEqual(
    pullsOf(scene.model, 1).map(({ state }) => state),
    ['closed'],
  );
  assert.equal(statusOf(scene).state.phase, 'finished');
  assert.match(
    statusOf(scene).state.reason,
    /limit of 2 hours: .* To continue with a new time limit, comment `\/research N`/,
  );
  scene.say('/research 1');
  await scene.work();
  assert.equal(statusOf(scene).state.phase, 'running');
  assert.equal(pullsOf(scene.model, 1).length, 2);
});

test('a campaign whose dollars are spent finishes, says what was spent, and goes on only when the limit is raised', async () => {
  const scene = await training({ usdLimit: 0.5 }, 0.6);
  assert.equal(pullsOf(scene.model, 1).length, 1, 'the first idea was begun with nothing spent');
  scene.pass(60);
  await scene.work();
  assert.match(statusOf(scene).comment.body, /\$0\.60 of \$0\.50/);
  scene.measure('1/1.1', 1.1);
  await scene.work();
  assert.match(
    statusOf(scene).state.reason,
    /limit of \$0\.50: agents have cost \$0\.60\. To continue, raise `limits\.usd`/,
  );
  assert.equal(pullsOf(scene.model, 1).length, 1);
  scene.say('/research 1');
  await scene.work();
  const answer = scene.model.comments.values().at(-1)?.body ?? '';
  assert.match(answer, /raise `limits\.usd` in the contract/);
  assert.equal(statusOf(scene).state.phase, 'finished');
});

test('`/research try` after the hours were over sets a new clock, too', async () => {
  const scene = await training({ hoursLimit: 2 });
  scene.pass(2 * 3600);
  scene.measure('1/1.1', 1.1);
  await scene.work();
  assert.equal(statusOf(scene).state.phase, 'finished');
  scene.pass(12 * 3600);
  scene.say('/research try depth = 3');
  await scene.work();
  assert.equal(statusOf(scene).state.phase, 'running');
  assert.equal(pullsOf(scene.model, 1).length, 2);
});

test('`/research try` is refused where the dollars are spent, and says what to do', async () => {
  const scene = await training({ usdLimit: 1 }, 1);
  scene.measure('1/1.1', 1.1);
  await scene.work();
  assert.equal(statusOf(scene).state.phase, 'finished');
  const asked = scene.say('/research try depth = 3');
  await scene.work();
  assert.match(answerTo(scene, asked) ?? '', /limit of \$1:.* raise `limits\.usd`/);
  assert.equal(statusOf(scene).state.phase, 'finished');
});
