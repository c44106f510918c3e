import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { KEPT_COMMANDS } from '../campaign/people.ts';
import { CONTRACT_PATH } from '../protocol/contract.ts';
import { markerOf, pullsOf, statusComments } from '../sim/invariants/read.ts';
import { addComment, deleteComment } from '../sim/model/issues.ts';
import { tipOf } from '../sim/model/state.ts';
import {
  answerTo,
  killedAfterEveryWrite,
  phaseOf,
  pullOf,
  saidOn,
  statusOf,
  workOn,
} from '../sim/page.test-helper.ts';
import { campaignScene, measureChampion, push } from '../sim/scene.test-helper.ts';

describe('/research discard', () => {
  test('closes an experiment, cancels its trial, and says who wanted that', async () => {
    const scene = campaignScene(2);
    await measureChampion(scene);
    scene.sayOn(pullOf(scene, 1).number, '/research discard', 'alice');
    await workOn(scene);
    const pull = pullOf(scene, 1);
    assert.equal(pull.state, 'closed');
    assert.match(saidOn(scene, pull.number, 'verdict'), /Discarded by alice\./);
    assert.equal(scene.model.runs.values().find(({ title }) => title === '1/1.1')?.conclusion, 'cancelled');
    assert.equal(tipOf(scene.model, pull.branch), undefined);
    assert.equal(pullOf(scene, 2).state, 'open', 'the campaign goes on');
  });

  test('works in a paused campaign, too, and once is enough', async () => {
    const scene = campaignScene(1);
    await measureChampion(scene);
    scene.say('/research pause');
    await scene.work();
    const { number } = pullOf(scene, 1);
    scene.sayOn(number, '/research discard');
    await workOn(scene);
    assert.equal(pullOf(scene, 1).state, 'closed');
    const again = scene.sayOn(number, '/research discard');
    await workOn(scene);
    assert.match(answerTo(scene, again) ?? '', /already closed/);
  });

  test('waits until a run that was just dispatched can be seen and cancelled', async () => {
    const scene = campaignScene(1);
    scene.model.runListLagSeconds = 20;
    for (let i = 0; i < 3; i++) {
      await scene.work();
      scene.pass(30);
      await scene.work();
      scene.measure(`1/0.${i + 1}`, 1 + i / 1000);
    }
    await scene.work();
    scene.sayOn(pullOf(scene, 1).number, '/research discard');
    await scene.work();
    assert.equal(pullOf(scene, 1).state, 'open');
    scene.pass(30);
    await scene.work();
    assert.equal(pullOf(scene, 1).state, 'closed');
    assert.equal(scene.model.runs.values().at(-1)?.conclusion, 'cancelled');
  });
});

describe('/research rerun', () => {
  test('takes one trial more than the gate would', async () => {
    const scene = campaignScene(1);
    await measureChampion(scene);
    scene.sayOn(pullOf(scene, 1).number, '/research rerun');
    await workOn(scene);
    scene.measure('1/1.1', 1.05);
    await workOn(scene);
    assert.equal(pullOf(scene, 1).state, 'open');
    scene.measure('1/1.2', 1.05);
    await workOn(scene);
    assert.equal(pullOf(scene, 1).state, 'closed');
    assert.equal(markerOf(pullOf(scene, 1))?.trials.length, 2);
  });

  test('of a closed experiment makes a new one from the same edits, one more than asked for, even after the end', async () => {
    const scene = campaignScene(1);
    await measureChampion(scene);
    scene.measure('1/1.1', 1.05);
    await workOn(scene);
    assert.equal(phaseOf(scene), 'finished');
    const first = pullOf(scene, 1);
    const asked = scene.sayOn(first.number, '/research rerun');
    await workOn(scene);
    const second = pullOf(scene, 2);
    assert.equal(markerOf(second)?.tree, markerOf(first)?.tree);
    assert.match(second.body, new RegExp(`Requested by bob, as a rerun of #${first.number}\\.`));
    scene.restart();
    scene.measure('1/2.1', 1.06);
    await workOn(scene);
    assert.equal(phaseOf(scene), 'finished');
    assert.equal(pullsOf(scene.model, scene.issue).length, 2, `comment ${asked} took effect once`);
    assert.match(statusOf(scene), /Finished: 2 of 2 experiments/);
  });

  test('is refused where the champion changed in the same place', async () => {
    const scene = campaignScene(2);
    await measureChampion(scene);
    scene.measure('1/1.1', 1.05);
    await workOn(scene);
    const settings = scene.model.git.tree(
      scene.model.git.commit(tipOf(scene.model, 'main') ?? '')?.tree ?? '',
    );
    const text = settings?.get('settings.txt') ?? '';
    push(scene, 'main', 'settings.txt', text.replace('depth = 5', 'depth = 2'));
    const asked = scene.sayOn(pullOf(scene, 1).number, '/research rerun');
    await workOn(scene);
    assert.match(answerTo(scene, asked) ?? '', /edits no longer apply.*`\/research try`/);
  });
});

describe('/research try', () => {
  test('is the next experiment, one more than asked for, and its pull request names who asked', async () => {
    const scene = campaignScene(1);
    await measureChampion(scene);
    scene.say('/research try width = 3', 'bob');
    await workOn(scene);
    assert.match(statusOf(scene), /0 of 2 experiments/);
    assert.match(statusOf(scene), /Queued ideas:\*\* `width = 3` \(bob\)/);
    scene.measure('1/1.1', 1.05);
    await workOn(scene);
    const pull = pullOf(scene, 2);
    assert.equal(markerOf(pull)?.idea.edits[0]?.replace, 'width = 3');
    assert.match(pull.body, /Requested by bob: width = 3\./);
    scene.measure('1/2.1', 1.05);
    await workOn(scene);
    assert.match(statusOf(scene), /Finished: 2 of 2 experiments/);
    assert.doesNotMatch(statusOf(scene), /Queued ideas/);
  });

  test('goes on with a campaign that has ended, for one experiment', async () => {
    const scene = campaignScene(1);
    await measureChampion(scene);
    scene.say('/research stop');
    await workOn(scene);
    scene.say('/research try width = 3', 'bob');
    await workOn(scene);
    scene.measure('1/2.1', 1.05);
    await workOn(scene);
    assert.match(statusOf(scene), /Finished: 2 of 2 experiments/);
  });

  test('is refused where the agent does not understand it, and where there is no campaign', async () => {
    const scene = campaignScene(1);
    await measureChampion(scene);
    const asked = scene.say('/research try something bold');
    await workOn(scene);
    assert.match(answerTo(scene, asked) ?? '', /Expected an idea such as `depth = 3`/);
    assert.match(statusOf(scene), /0 of 1 experiments/);
  });

  test('that comes to nothing in the end says so on the issue, and is not counted', async () => {
    const scene = campaignScene(1);
    await measureChampion(scene);
    const asked = scene.say('/research try colour = 3');
    await workOn(scene);
    scene.measure('1/1.1', 1.05);
    await workOn(scene);
    assert.match(
      saidOn(scene, scene.issue, `asked ${asked}`),
      /Could not try `colour = 3` \(requested by alice\)/,
    );
    assert.match(statusOf(scene), /Finished: 1 of 1 experiments/);
  });

  test('takes effect once, wherever the App is killed', async () => {
    await killedAfterEveryWrite(
      async () => {
        const scene = campaignScene(1);
        await measureChampion(scene);
        scene.measure('1/1.1', 1.05);
        await workOn(scene);
        return scene;
      },
      scene => scene.say('/research try width = 3'),
      scene => {
        assert.equal(pullsOf(scene.model, scene.issue).length, 2);
        assert.match(statusOf(scene), /1 of 2 experiments/);
      },
    );
  });
});

describe('/research stop', () => {
  test('cancels the champion’s trial, too', async () => {
    const scene = campaignScene(1);
    await scene.work();
    scene.say('/research stop');
    await workOn(scene);
    assert.deepEqual(
      scene.model.runs.values().map(({ title, conclusion }) => [title, conclusion]),
      [['1/0.1', 'cancelled']],
    );
    assert.deepEqual(
      scene.model.checks.values().map(({ completed, conclusion }) => [completed, conclusion]),
      [[true, 'neutral']],
    );
    scene.say('/research 1');
    await workOn(scene);
    assert.equal(scene.model.runs.values().at(-1)?.title, '1/0.2', 'it is measured again');
  });

  test('cancels what experiments run', async () => {
    const scene = campaignScene(2, 2);
    await measureChampion(scene);
    scene.say('/research stop');
    await workOn(scene);
    const ended = scene.model.runs.values().filter(({ title }) => !title.startsWith('1/0.'));
    assert.deepEqual(
      ended.map(({ title, conclusion }) => [title, conclusion]),
      [
        ['1/1.1', 'cancelled'],
        ['1/2.1', 'cancelled'],
      ],
    );
  });
});

test('a word that took effect is not taken up again after somebody deleted the status comment', async () => {
  const scene = campaignScene(1);
  await measureChampion(scene);
  scene.measure('1/1.1', 1.1);
  await workOn(scene);
  const { model, issue } = scene;
  addComment(model, 'alice', pullOf(scene, 1).number, '/research rerun');
  await workOn(scene);
  scene.measure('1/2.1', 1.1);
  await workOn(scene);
  assert.equal(pullsOf(model, issue).length, 2);
  scene.pass(600);
  await workOn(scene);
  for (const { comment } of statusComments(model, issue)) deleteComment(model, 'bob', comment.id);
  scene.say('/research 1');
  await workOn(scene);
  scene.restart();
  await workOn(scene);
  assert.equal(statusComments(model, issue)[0]?.state.target, 3, 'one more than the two that there were');
});

test('of more words than an experiment keeps, each takes effect once all the same', async () => {
  const scene = campaignScene(1);
  await measureChampion(scene);
  const { number } = pullOf(scene, 1);
  for (let i = 0; i < KEPT_COMMANDS + 3; i++)
    scene.sayOn(number, i % 2 === 0 ? '/research rerun' : '/research keep');
  let answers = 0;
  for (let looks = 0; looks < 3 * KEPT_COMMANDS; looks++)
    if ((await scene.look()).kind === 'answer') answers++;
  assert.equal(answers, KEPT_COMMANDS + 3);
});

test('stop cancels what runs even where the contract is broken', async () => {
  const scene = campaignScene(1);
  await measureChampion(scene);
  push(scene, 'main', CONTRACT_PATH, 'parallel: many\n');
  await workOn(scene);
  assert.equal(phaseOf(scene), 'paused');
  scene.pass(180);
  scene.say('/research stop');
  await workOn(scene);
  const run = scene.model.runs.values().find(({ title }) => title === '1/1.1');
  assert.deepEqual([run?.conclusion, pullOf(scene, 1).state], ['cancelled', 'closed']);
});
