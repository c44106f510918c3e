import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { markerOf, pullsOf, statusComments } from '../sim/invariants/read.ts';
import { SETTINGS } from '../sim/landscape.ts';
import { changeRun, dispatchRun } from '../sim/model/actions.ts';
import { changePull } from '../sim/model/issues.ts';
import { Refusal } from '../sim/model/refusal.ts';
import { tipOf } from '../sim/model/state.ts';
import { pullOf, statusOf } from '../sim/page.test-helper.ts';
import { campaignScene, measureChampion, push, type Scene } from '../sim/scene.test-helper.ts';

test('a loop that always has something to do tells people where it is at least once a minute', async () => {
  const scene = campaignScene(4);
  await measureChampion(scene);
  scene.measure('1/1.1', 1.1);
  while (pullOf(scene, 1).state === 'open') await scene.look();
  const closedAt = scene.model.now();
  assert.match(statusOf(scene), /Running: 0 of 4/);
  while (!/Running: 1 of 4/.test(statusOf(scene))) {
    scene.say('/research help');
    assert.equal((await scene.look()).kind, 'answer');
    scene.pass(5);
    assert.ok(scene.model.now() - closedAt < 60_000, 'still the old status after a minute');
  }
  assert.ok(scene.model.branches.get('research-log'), 'the export is there, too');
});

describe('people in between', () => {
  test('a trial of an experiment that somebody pushed to is recorded once', async () => {
    const scene = campaignScene(1);
    await measureChampion(scene);
    push(scene, `research/${scene.issue}/1`, SETTINGS, 'by hand\n');
    scene.measure(`${scene.issue}/1.1`, 0.9);
    scene.pass(60);
    const done = await scene.work();
    assert.equal(done.filter(kind => kind === 'record').length, 1);
    scene.pass(60);
    assert.deepEqual(await scene.work(), []);
  });

  test('a champion’s trial is recorded where it was begun, whatever the base is by now', async () => {
    const scene = campaignScene(1);
    await scene.work();
    const champion = tipOf(scene.model, 'main');
    push(scene, 'main', 'README.md', 'New.\n');
    scene.measure(`${scene.issue}/0.1`, 1);
    await scene.work();
    const [check, ...others] = scene.model.checks.values().filter(({ externalId }) => externalId === '1/0.1');
    assert.deepEqual([check?.sha, check?.completed, others.length], [champion, true, 0]);
  });

  test('a champion’s trial that is in no list yet when somebody moves the base makes room for the new champion’s', async () => {
    const scene = campaignScene(1);
    scene.model.runListLagSeconds = 60;
    await scene.work();
    const runs = () => scene.model.runs.values().filter(({ title }) => title === '1/0.1');
    assert.equal(runs().length, 1);
    push(scene, 'main', 'README.md', 'New.\n');
    scene.pass(15);
    await scene.work();
    scene.pass(60);
    await scene.work();
    assert.deepEqual(
      runs().map(({ status, inputs }) => [status, inputs.candidate === tipOf(scene.model, 'main')]),
      [
        ['completed', false],
        ['queued', true],
      ],
    );
    scene.measure('1/0.1', 1);
    await scene.work();
    const [status] = statusComments(scene.model, scene.issue);
    assert.deepEqual(
      status?.state.baselines.map(({ outcome, candidate }) => [outcome.status, candidate]),
      [['measured', tipOf(scene.model, 'main')]],
    );
  });

  test('a run that takes its time to be cancelled keeps nothing waiting', async () => {
    const scene = campaignScene(1);
    await measureChampion(scene);
    const first = scene.model.runs.values().find(({ title }) => title === '1/1.1') ?? assert.fail();
    const inputs = first.inputs;
    const second = dispatchRun(scene.model, scene.model.botLogin, first.workflow, 'main', inputs);
    changeRun(scene.model, 'runner', second, { status: 'in_progress' });
    await scene.work();
    assert.equal(scene.model.runs.get(second)?.cancelling, true);
    scene.measure('1/1.1', 1.1);
    await scene.work();
    assert.equal(scene.model.runs.get(second)?.status, 'in_progress');
    assert.equal(pullsOf(scene.model, 1)[0]?.state, 'closed');
  });

  test('a trial that left no result says nothing about a champion that came later', async () => {
    const scene = campaignScene(1);
    await scene.work();
    const champion = tipOf(scene.model, 'main');
    push(scene, 'main', 'README.md', 'New.\n');
    scene.measure(`${scene.issue}/0.1`);
    await scene.work();
    const [status] = statusComments(scene.model, scene.issue);
    assert.deepEqual(
      status?.state.baselines.map(({ candidate, outcome }) => [candidate, outcome.status]),
      [[champion, 'fault']],
    );
  });

  test('what trials cost before the champion moved stays in the totals', async () => {
    const scene = campaignScene(2, 2);
    await measureChampion(scene);
    scene.measure('1/1.1', 0.994);
    scene.measure('1/2.1', 0.995);
    await scene.work();
    scene.measure('1/1.2', 0.9942);
    await scene.work();
    scene.measure('1/2.2', 0.9952);
    scene.pass(60);
    await scene.work();
    const markers = pullsOf(scene.model, scene.issue).map(markerOf);
    assert.deepEqual(
      markers.map(marker => [marker?.restacks, marker?.earlier.trials]),
      [
        [0, 0],
        [1, 2],
      ],
    );
    scene.pass(60);
    await scene.work();
    assert.match(statusComments(scene.model, scene.issue)[0]?.comment.body ?? '', /Spent: 7 trials/);
  });

  test('an experiment that ended while it was to be made again on a new champion stays as it ended', async () => {
    const scene = campaignScene(2, 2);
    await measureChampion(scene);
    scene.measure('1/1.1', 0.995);
    scene.measure('1/2.1', 0.994);
    await scene.work();
    scene.measure('1/1.2', 0.995);
    await scene.work();
    scene.measure('1/2.2', 0.994);
    scene.line = async (call, _what, effect) => {
      const result = effect();
      const [, second] = pullsOf(scene.model, scene.issue);
      if (call === 'createCommit' && second?.state === 'open')
        changePull(scene.model, 'alice', second.number, { state: 'merged' });
      return result;
    };
    const before = markerOf(pullsOf(scene.model, scene.issue)[1] ?? assert.fail());
    scene.pass(60);
    for (let i = 0; i < 3; i++) await scene.look();
    const after = markerOf(pullsOf(scene.model, scene.issue)[1] ?? assert.fail());
    assert.deepEqual([after?.restacks, after?.commit], [0, before?.commit]);
  });

  test('an experiment whose hidden part is gone is one of those that were asked for', async () => {
    const scene = campaignScene(1);
    await measureChampion(scene);
    const [pull] = pullsOf(scene.model, scene.issue);
    changePull(scene.model, 'alice', pull?.number ?? 0, { body: 'Tidied up.' });
    await scene.work();
    changePull(scene.model, 'alice', pull?.number ?? 0, { state: 'closed' });
    scene.say('/research resume');
    await scene.work();
    assert.equal(pullsOf(scene.model, scene.issue).length, 1);
    assert.equal(statusComments(scene.model, scene.issue)[0]?.state.phase, 'finished');
  });
});

describe('a run that nobody picks up', () => {
  const notices = ({ model, issue }: Scene) =>
    model.comments.values().filter(({ issue: on, body }) => on === issue && /^No runner/.test(body));

  test('and that GitHub does not cancel is given up once, and its trial is run again', async () => {
    const scene = campaignScene(1);
    await measureChampion(scene);
    const { model } = scene;
    scene.pass(3700);
    await scene.work();
    assert.equal(statusComments(model, 1)[0]?.state.phase, 'paused');
    let cancelled = 0;
    scene.line = async (call, _what, effect) => {
      if (call !== 'cancelRun') return effect();
      cancelled++;
      throw new Refusal(409, 'Cannot cancel a workflow run that is completed.');
    };
    scene.say('/research resume');
    await scene.work();
    scene.pass(60);
    await scene.work();
    assert.equal(cancelled, 1);
    assert.deepEqual(
      model.runs
        .values()
        .filter(({ title }) => title.startsWith('1/1.'))
        .map(({ title, status }) => [title, status]),
      [
        ['1/1.1', 'queued'],
        ['1/1.2', 'queued'],
      ],
    );
    scene.measure('1/1.2', 1.1);
    await scene.work();
    assert.equal(pullsOf(model, 1)[0]?.state, 'closed');
  });

  for (const status of [403, 500])
    test(`and that GitHub refuses to cancel with ${status} is given up all the same`, async () => {
      const scene = campaignScene(1);
      await measureChampion(scene);
      scene.pass(3700);
      await scene.work();
      scene.line = async (call, _what, effect) => {
        if (call === 'cancelRun') throw new Refusal(status, 'Failed to cancel workflow run');
        return effect();
      };
      scene.say('/research resume');
      await scene.work();
      scene.pass(60);
      await scene.work();
      scene.measure('1/1.2', 1.1);
      await scene.work();
      assert.equal(pullsOf(scene.model, 1)[0]?.state, 'closed');
    });

  test('is not said while one runner works off what was dispatched for many', async () => {
    const scene = campaignScene(4, 4);
    await measureChampion(scene);
    for (const trial of ['1/1.1', '1/2.1', '1/3.1']) {
      scene.pass(500);
      await scene.work();
      scene.measure(trial, 1.1);
      await scene.work();
    }
    assert.deepEqual(notices(scene), []);
    scene.pass(700);
    await scene.work();
    assert.equal(notices(scene).length, 1);
  });
});
