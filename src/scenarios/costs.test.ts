/** What an agent's answer cost is counted once, whichever of GitHub's answers gets lost. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Proposal, ProposalRequest } from '../agents/agent.ts';
import { NO_COST } from '../campaign/idea.ts';
import { markerOf, pullsOf, statusComments } from '../sim/invariants/read.ts';
import { changeIssue, changePull } from '../sim/model/issues.ts';
import { clearLine, type PortCall } from '../sim/model/port.ts';
import { Refusal } from '../sim/model/refusal.ts';
import { campaignScene, measureChampion, type Scene } from '../sim/scene.test-helper.ts';

const COST = { ...NO_COST, calls: 1, inputTokens: 100, outputTokens: 10, usd: 0.01 };

/** A campaign of two experiments whose answers cost something, and fail where `fails` says so; people's ideas wait for `wish`. */
async function paid(
  thinker: 'explore' | 'model',
  fails: (answer: number) => boolean = () => false,
  wish: Promise<void> = Promise.resolve(),
) {
  const scene = campaignScene(2, 1, { thinker });
  let answers = 0;
  const { chooseAgent } = scene.context;
  scene.context.chooseAgent = (...wanted) => {
    const chosen = chooseAgent(...wanted);
    if (chosen.kind === 'problem') return chosen;
    const propose = async (request: ProposalRequest, signal: AbortSignal): Promise<Proposal> => {
      if (request.wish !== null) await wish;
      // What is mended is to be no idea that waits.
      const number = request.again ? 9 : request.number;
      const proposal = await chosen.agent.propose({ ...request, number }, signal);
      if (fails(++answers)) return { kind: 'failed', reason: 'I do not know.', cost: COST };
      return { ...proposal, cost: COST };
    };
    return { kind: 'agent', agent: { ...chosen.agent, propose } };
  };
  await measureChampion(scene);
  return { scene, answers: () => answers };
}

/** The first time that this call is made now that `isTime`, GitHub's word that it took effect gets lost; returns whether it did. */
function loseAnswer(scene: Scene, wanted: PortCall, isTime: () => boolean): () => boolean {
  let lost = false;
  scene.line = async (call, _what, effect) => {
    const result = effect();
    if (call !== wanted || lost || !isTime()) return result;
    lost = true;
    throw new Refusal(502, 'Bad Gateway');
  };
  return () => lost;
}

/** Looks until nothing is left to do, whatever fails meanwhile. */
async function workOn(scene: Scene): Promise<void> {
  for (let quiet = 0; quiet < 15; ) quiet = (await look(scene)) === 'wait' ? quiet + 1 : 0;
}

async function workFor(scene: Scene, looks: number): Promise<void> {
  for (let i = 0; i < looks; i++) await look(scene);
}

/** Returns what was done; what fails is tried again by a later look. */
async function look(scene: Scene): Promise<string> {
  const kind = await scene.look().then(
    action => action.kind,
    () => 'failed',
  );
  await new Promise(setImmediate);
  return kind;
}

function counted({ model, issue }: Scene): number {
  const failed = statusComments(model, issue)[0]?.state.failedCost.calls ?? 0;
  return pullsOf(model, issue).reduce((sum, pull) => sum + (markerOf(pull)?.cost.calls ?? 0), failed);
}

for (const call of ['createTree', 'createBranch', 'createPull', 'addLabel'] as const)
  test(`an idea becomes one experiment, and counts once, where the answer to ${call} got lost and lists lag`, async () => {
    const { scene, answers } = await paid('explore');
    scene.lag = 5000;
    const lost = loseAnswer(scene, call, () => answers() === 2);
    scene.measure('1/1.1', 1.1);
    await workOn(scene);
    assert.ok(lost());
    assert.equal(pullsOf(scene.model, 1).length, 2);
    // While no list shows the second experiment, the next is thought of.
    assert.equal(counted(scene), answers());
  });

test('a failed answer counts once when the response to recording it got lost and the repository is denied', async () => {
  const { scene, answers } = await paid('explore', answer => answer === 2);
  const lost = loseAnswer(scene, 'updateComment', () => answers() === 2);
  const losing = scene.line;
  let denied = false;
  scene.line = async (call, what, effect) => {
    if (!lost() || denied || call !== 'commit') return losing(call, what, effect);
    denied = true;
    throw new Refusal(404, 'Not Found');
  };
  scene.measure('1/1.1', 1.1);
  await workOn(scene);
  assert.ok(lost() && denied);
  assert.equal(answers(), 3);
  assert.equal(counted(scene), 3);
  assert.equal(statusComments(scene.model, 1)[0]?.state.failedProposals.length, 1);
});

test('an idea that could not be opened yet is not confused with one that failed beside it', async () => {
  let understand = () => {};
  const understood = new Promise<void>(resolve => {
    understand = resolve;
  });
  const { scene, answers } = await paid('model', answer => answer === 3, understood);
  scene.say('/research try depth = 3');
  await workFor(scene, 5);
  scene.line = async (call, _what, effect) => {
    if (call === 'createBranch') throw new Refusal(502, 'Bad Gateway');
    return effect();
  };
  scene.measure('1/1.1', 1.1);
  await workFor(scene, 10);
  understand();
  await workFor(scene, 60);
  assert.equal(answers(), 3);
  assert.equal(statusComments(scene.model, 1)[0]?.state.failedCost.calls, 1);
  scene.line = clearLine;
  scene.pass(120);
  await workOn(scene);
  assert.equal(pullsOf(scene.model, 1).length, 2);
  assert.equal(counted(scene), 3);
});

test('an answer that was on its way when the issue was closed counts, and nothing is made of it', async () => {
  let understand = () => {};
  const understood = new Promise<void>(resolve => {
    understand = resolve;
  });
  const { scene, answers } = await paid('model', () => false, understood);
  scene.say('/research try depth = 3');
  await workFor(scene, 5);
  changeIssue(scene.model, 'alice', scene.issue, { open: false });
  await workOn(scene);
  assert.equal(statusComments(scene.model, 1)[0]?.state.phase, 'stopped');
  assert.equal(counted(scene), answers());
  // Until no list tells of what was said there.
  scene.pass(3600);
  await workOn(scene);
  understand();
  await workOn(scene);
  assert.equal(answers(), 3);
  assert.equal(counted(scene), 3);
  assert.equal(pullsOf(scene.model, 1).length, 1);
  assert.deepEqual(scene.context.thinking.thoughts(), []);
});

test('what an agent was paid for a repair counts although a person closed the experiment meanwhile', async () => {
  const { scene, answers } = await paid('model');
  scene.crash('1/1.1');
  scene.line = async (call, _what, effect) => {
    const result = effect();
    if (call === 'createCommit' && answers() === 3) {
      scene.line = clearLine;
      changePull(scene.model, 'alice', pullsOf(scene.model, 1)[0]?.number ?? 0, { state: 'closed' });
    }
    return result;
  };
  await workOn(scene);
  scene.measure('1/2.1', 1.1);
  await workOn(scene);
  assert.equal(pullsOf(scene.model, 1)[0]?.state, 'closed');
  assert.equal(counted(scene), answers());
});

test('an experiment that an agent mended counts that answer once where the answer to its change got lost', async () => {
  const { scene, answers } = await paid('model');
  const lost = loseAnswer(scene, 'updatePull', () => answers() === 3);
  scene.crash('1/1.1');
  await workOn(scene);
  assert.ok(lost());
  const mended = pullsOf(scene.model, 1).map(pull => markerOf(pull));
  assert.deepEqual([mended[0]?.repairs, mended[0]?.cost.calls], [1, 2]);
  scene.measure('1/1.2', 1.1);
  await workOn(scene);
  assert.equal(answers(), 3);
  assert.equal(counted(scene), 3);
});
