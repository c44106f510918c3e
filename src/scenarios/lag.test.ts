/** Lists that lag, and two Apps at once: what is there twice, or seems to be missing. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { replyKey } from '../github/replies.ts';
import { candidateMessage } from '../render/commit.ts';
import { pullsOf, statusComments } from '../sim/invariants/read.ts';
import { NAMES, SETTINGS } from '../sim/landscape.ts';
import { createCheck, dispatchRun } from '../sim/model/actions.ts';
import { addComment, openPull } from '../sim/model/issues.ts';
import { setBranch } from '../sim/model/refs.ts';
import { Refusal } from '../sim/model/refusal.ts';
import { tipOf } from '../sim/model/state.ts';
import { campaignScene, measureChampion, push, type Scene } from '../sim/scene.test-helper.ts';

const LAG_MS = 5000;

/** An App was killed before it could open a pull request from this branch. */
function leaveCandidate({ model }: Scene, branch: string): string {
  const [, issue, number] = branch.split('/').map(Number);
  const parent = tipOf(model, 'main') ?? '';
  const tree = model.git.writeTree(new Map([[SETTINGS, `${NAMES[0]} = 9\n`]]));
  const idea = { title: 'Lost', hypothesis: '', edits: [] };
  const message = candidateMessage({ idea, campaign: issue ?? 0, number: number ?? 0 });
  const sha = model.git.writeCommit({ tree, parents: [parent], message }, String(model.now()));
  setBranch(model, model.botLogin, branch, sha);
  return sha;
}

describe('lists that lag behind what the App just wrote', () => {
  test('a command is answered once', async () => {
    const scene = campaignScene(1);
    await scene.work();
    scene.lag = LAG_MS;
    const asked = scene.say('/research help');
    for (let i = 0; i < 20; i++) await scene.look();
    const answers = scene.model.comments.values().filter(({ body }) => replyKey(body) === asked);
    assert.equal(answers.length, 1);
  });

  test('an answer that failed although it was written is not written again', async () => {
    const scene = campaignScene(1);
    await scene.work();
    scene.lag = LAG_MS;
    const asked = scene.say('/research help');
    let failures = 0;
    scene.line = async (call, _what, effect) => {
      const result = effect();
      if (call === 'createComment' && failures++ === 0) throw new Refusal(502, 'Bad Gateway');
      return result;
    };
    for (let i = 0; i < 20; i++) await scene.look().catch(() => undefined);
    assert.equal(failures, 1);
    assert.equal(scene.model.comments.values().filter(({ body }) => replyKey(body) === asked).length, 1);
  });

  test('an idea whose pull request is there although the answer got lost is not opened again, whatever its branch says', async () => {
    const scene = campaignScene(3);
    for (const [k, value] of [1, 1.001, 0.999].entries()) {
      await scene.work();
      scene.measure(`1/0.${k + 1}`, value);
    }
    let failures = 0;
    scene.line = async (call, what, effect) => {
      // Otherwise it would look like a branch that was left over, which waits for a while, too.
      if (call === 'commit' && what !== 'main') throw new Refusal(422, 'Unprocessable');
      // The branch is seen before its pull request.
      scene.lag = call === 'branches' ? 0 : LAG_MS;
      const result = effect();
      if (call === 'createPull' && failures++ === 0) throw new Refusal(502, 'Bad Gateway');
      return result;
    };
    for (let i = 0; i < 20; i++) {
      await scene.look().catch(() => undefined);
      await new Promise(setImmediate);
    }
    assert.equal(failures, 1);
    assert.deepEqual(
      pullsOf(scene.model, 1).map(({ branch }) => branch),
      ['research/1/1'],
    );
  });

  test('a trial is dispatched once', async () => {
    const scene = campaignScene(1);
    scene.lag = LAG_MS;
    for (let i = 0; i < 20; i++) await scene.look();
    assert.deepEqual(
      scene.model.runs.values().map(({ title }) => title),
      ['1/0.1'],
    );
    assert.equal(scene.model.checks.values().length, 1);
  });

  test('the branch of an experiment that was just opened is not cleaned up as a leftover, not even after a restart', async () => {
    const scene = campaignScene(1);
    await measureChampion(scene);
    scene.lag = LAG_MS;
    scene.restart();
    for (let i = 0; i < 20; i++) await scene.look();
    assert.deepEqual(
      pullsOf(scene.model, scene.issue).map(({ state }) => state),
      ['open'],
    );
  });

  test('a branch without a pull request is deleted after a while', async () => {
    const scene = campaignScene(1);
    await scene.work();
    const branch = `research/${scene.issue}/1`;
    leaveCandidate(scene, branch);
    await scene.look();
    assert.ok(tipOf(scene.model, branch));
    scene.pass(30);
    await scene.work();
    assert.equal(tipOf(scene.model, branch), undefined);
  });

  test('a person’s branch, or pull request, on the name of an experiment stays, and the campaign goes around it', async () => {
    const scene = campaignScene(1);
    await scene.work();
    const { model, issue } = scene;
    const main = tipOf(model, 'main') ?? '';
    setBranch(model, 'alice', `research/${issue}/1`, main);
    const work = push(scene, `research/${issue}/1`, SETTINGS, 'by hand\n');
    const candidate = leaveCandidate(scene, `research/${issue}/2`);
    const texts = { title: 'Mine', body: 'Found it lying around.', base: 'main' };
    openPull(model, 'alice', { ...texts, branch: `research/${issue}/2` });
    await measureChampion(scene);
    assert.deepEqual(
      [1, 2].map(number => tipOf(model, `research/${issue}/${number}`)),
      [work, candidate],
    );
    assert.ok(model.pulls.values().some(({ branch }) => branch === `research/${issue}/3`));
  });
});

describe('what two Apps at once made twice', () => {
  test('of two status comments the first counts, also after a restart, and the other is deleted', async () => {
    const scene = campaignScene(1);
    await scene.work();
    const [first] = statusComments(scene.model, scene.issue);
    addComment(scene.model, scene.model.botLogin, scene.issue, first?.comment.body ?? '');
    scene.restart();
    scene.say('/research pause');
    await scene.work();
    assert.deepEqual(
      statusComments(scene.model, scene.issue).map(({ state, comment }) => [comment.id, state.phase]),
      [[first?.comment.id, 'paused']],
    );
  });

  test('of two answers, as of two notices, the one that was written last stays', async () => {
    const scene = campaignScene(1);
    const question = scene.say('/research help');
    await scene.work();
    const { model, issue } = scene;
    const answers = () => model.comments.values().filter(({ body }) => replyKey(body) === question);
    addComment(model, model.botLogin, issue, answers()[0]?.body ?? '');
    addComment(model, 'alice', issue, answers()[0]?.body ?? '');
    const last = answers().map(({ id }) => id)[1];
    assert.equal(answers().length, 3);
    assert.deepEqual(await scene.work(), ['tidy']);
    assert.deepEqual(
      answers().map(({ author, id }) => [author, id === last]),
      [
        [model.botLogin, true],
        ['alice', false],
      ],
    );
  });

  test('of two runs and two checks of one trial the first counts; the other run is cancelled, the other check closed', async () => {
    const scene = campaignScene(1);
    await scene.work();
    const { model } = scene;
    const [check] = model.checks.values();
    const [run] = model.runs.values();
    if (!check || !run) throw new Error('Expected the check and the run of the first trial.');
    createCheck(model, model.botLogin, check);
    dispatchRun(model, model.botLogin, 'experiment.yml', 'main', run.inputs);
    assert.deepEqual(await scene.work(), ['tidy', 'tidy']);
    assert.deepEqual(
      model.runs.values().map(({ title, conclusion }) => [title, conclusion]),
      [
        ['1/0.1', null],
        ['1/0.1', 'cancelled'],
      ],
    );
    assert.deepEqual(
      model.checks.values().map(({ externalId, conclusion }) => [externalId, conclusion]),
      [
        ['1/0.1', null],
        ['1/0.1', 'neutral'],
      ],
    );
    scene.measure('1/0.1', 1);
    await scene.work();
    assert.deepEqual(
      statusComments(model, scene.issue)[0]?.state.baselines.map(({ runId, outcome }) => [
        runId,
        outcome.status,
      ]),
      [[run.id, 'measured']],
    );
  });
});
