/** People as the judge: `/research keep`, and what is held for them. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HELD_LABEL } from '../campaign/model.ts';
import { markerOf, statusComments } from '../sim/invariants/read.ts';
import { changePull, editComment } from '../sim/model/issues.ts';
import { tipOf } from '../sim/model/state.ts';
import {
  answerTo,
  killedAfterEveryWrite,
  messageOfTip,
  phaseOf,
  pullOf,
  saidOn,
  statusOf,
  workOn,
} from '../sim/page.test-helper.ts';
import { campaignScene, measureChampion, push, type Scene } from '../sim/scene.test-helper.ts';
import { BOT } from '../sim/sim.ts';

/** A campaign whose sixth idea is far better than all before it, which is no news of the machine's. */
async function heldScene(experiments = 6): Promise<Scene> {
  const scene = campaignScene(experiments);
  await measureChampion(scene);
  for (const [i, value] of [1.004, 1.01, 1.002, 1.006, 1.003].entries()) {
    scene.measure(`1/${i + 1}.1`, value);
    await workOn(scene);
  }
  for (let k = 1; pullOf(scene, 6).labels.length < 2 && k < 5; k++) {
    scene.measure(`1/6.${k}`, 0.5);
    await workOn(scene);
  }
  return scene;
}

describe('/research keep', () => {
  test('makes a person the judge of what was measured on the present champion, and a trailer says who', async () => {
    const scene = campaignScene(1);
    await measureChampion(scene);
    scene.say('/research pause');
    await scene.work();
    scene.measure('1/1.1', 1.002);
    await workOn(scene);
    scene.sayOn(pullOf(scene, 1).number, '/research keep');
    scene.say('/research resume');
    await workOn(scene);
    const pull = pullOf(scene, 1);
    assert.equal(pull.state, 'merged');
    assert.match(messageOfTip(scene), /\nTrials: 1\/1\.1\nKept-by: bob$/);
    assert.match(
      saidOn(scene, pull.number, 'verdict'),
      /^✅ \*\*Merging on request:\*\* .*worse than the champion.*Kept by bob\./,
    );
    assert.match(pull.body, /- bob asked to keep it/);
  });

  test('waits for a first number, and takes it whatever it is', async () => {
    const scene = campaignScene(1);
    await measureChampion(scene);
    scene.sayOn(pullOf(scene, 1).number, '/research keep');
    await workOn(scene);
    assert.equal(pullOf(scene, 1).state, 'open');
    scene.measure('1/1.1', 1.5);
    await workOn(scene);
    assert.equal(pullOf(scene, 1).state, 'merged');
  });

  test('measures again on a champion that moved meanwhile before it merges', async () => {
    const scene = campaignScene(1);
    await measureChampion(scene);
    scene.measure('1/1.1', 0.9);
    scene.sayOn(pullOf(scene, 1).number, '/research keep');
    push(scene, 'main', 'README.md', 'New.\n');
    const champion = tipOf(scene.model, 'main');
    await workOn(scene);
    for (const k of [2, 3, 4]) {
      assert.equal(tipOf(scene.model, 'main'), champion);
      scene.measure(`1/0.${k + 2}`, 1);
      await workOn(scene);
    }
    assert.equal(pullOf(scene, 1).state, 'open');
    scene.measure('1/1.2', 1.01);
    await workOn(scene);
    assert.equal(pullOf(scene, 1).state, 'merged');
    const marker = markerOf(pullOf(scene, 1));
    assert.deepEqual(
      marker?.trials.map(({ trial, base }) => [trial, base]),
      [['1/1.2', champion]],
    );
  });

  test('of a number that was not audited takes one that is; only that counts', async () => {
    const scene = campaignScene(1, 1, { refereed: true });
    await measureChampion(scene);
    scene.say('/research pause');
    await scene.work();
    scene.measure('1/1.1', 1.002, 'not audited');
    await workOn(scene);
    scene.sayOn(pullOf(scene, 1).number, '/research keep');
    scene.say('/research resume');
    await workOn(scene);
    assert.equal(pullOf(scene, 1).state, 'open');
    const run = scene.model.runs.values().find(({ title }) => title === '1/1.2');
    assert.equal(run?.inputs.threshold, '', 'audited whatever it is');
    scene.measure('1/1.2', 1.004);
    await workOn(scene);
    assert.equal(pullOf(scene, 1).state, 'merged');
    assert.equal(markerOf(pullOf(scene, 1))?.verdict?.value, 1.004);
  });

  test('is refused for a number that its audit does not agree with', async () => {
    const scene = campaignScene(1, 1, { refereed: true });
    await measureChampion(scene);
    scene.say('/research pause');
    await scene.work();
    scene.measure('1/1.1', 0.5, 'flagged');
    await workOn(scene);
    const asked = scene.sayOn(pullOf(scene, 1).number, '/research keep');
    await workOn(scene);
    assert.match(
      answerTo(scene, asked) ?? '',
      /audit of trial 1\/1\.1 disagrees with its score.* can be neither kept nor rerun/,
    );
    scene.say('/research resume');
    await workOn(scene);
    assert.equal(pullOf(scene, 1).state, 'closed');
  });

  test('does not save a number that turns out to be flagged later', async () => {
    const scene = campaignScene(1, 1, { refereed: true });
    await measureChampion(scene);
    scene.sayOn(pullOf(scene, 1).number, '/research keep');
    await workOn(scene);
    scene.measure('1/1.1', 0.5, 'flagged');
    await workOn(scene);
    assert.equal(pullOf(scene, 1).state, 'closed');
    assert.match(saidOn(scene, pullOf(scene, 1).number, 'verdict'), /^🚩 \*\*Flagged:\*\*/);
  });

  test('is refused for what is closed or merged, for what somebody pushed to, and to whoever may not write', async () => {
    const scene = campaignScene(3);
    await measureChampion(scene);
    scene.measure('1/1.1', 1.05);
    await workOn(scene);
    scene.measure('1/2.1', 0.9);
    await workOn(scene);
    push(scene, 'research/1/3', 'settings.txt', 'by hand\n');
    const asked = [1, 2, 3].map(n => scene.sayOn(pullOf(scene, n).number, '/research keep'));
    const stranger = scene.sayOn(pullOf(scene, 3).number, '/research keep', 'mallory');
    await workOn(scene);
    const answers = [...asked, stranger].map(comment => answerTo(scene, comment) ?? '');
    for (const [i, expected] of [
      /closed\. Comment `\/research rerun` here/,
      /already merged/,
      /Someone pushed .* Restore [0-9a-f]{7}/,
      /need write permission/,
    ].entries())
      assert.match(answers[i] ?? '', expected);
    assert.deepEqual(
      [1, 2, 3].map(n => pullOf(scene, n).state),
      ['closed', 'merged', 'open'],
    );
  });

  test('takes effect once, wherever the App is killed', async () => {
    await killedAfterEveryWrite(
      async () => {
        const scene = campaignScene(1);
        await measureChampion(scene);
        scene.measure('1/1.1', 1.05);
        return scene;
      },
      scene => scene.sayOn(pullOf(scene, 1).number, '/research keep'),
      scene => {
        assert.equal(pullOf(scene, 1).state, 'merged');
        assert.equal(markerOf(pullOf(scene, 1))?.words.length, 1);
        assert.equal(phaseOf(scene), 'finished');
      },
    );
  });
});

describe('a gain too good to be believed', () => {
  test('is held: labelled, said with what decides, and never merged by itself', async () => {
    const scene = await heldScene();
    const pull = pullOf(scene, 6);
    assert.equal(pull.state, 'open');
    assert.ok(pull.labels.includes(HELD_LABEL));
    assert.match(
      saidOn(scene, pull.number, 'held'),
      /^✋ \*\*Held for review:\*\* .*0\.5[\s\S]*`\/research keep` to merge it, `\/research discard` to close it/,
    );
    assert.equal(phaseOf(scene), 'paused');
    assert.match(
      statusOf(scene),
      new RegExp(`The remaining experiments need a decision: #${pull.number}\\.`),
    );
  });

  test('takes no runner from other ideas', async () => {
    const scene = await heldScene(7);
    assert.deepEqual(
      [phaseOf(scene), pullOf(scene, 6).state, pullOf(scene, 7).state],
      ['running', 'open', 'open'],
    );
    assert.match(statusOf(scene), /✋ needs review/);
    assert.match(statusOf(scene), new RegExp(`Needs review:\\*\\* #${pullOf(scene, 6).number}`));
  });

  test('is merged by a person’s word, and the campaign goes on to its end', async () => {
    const scene = await heldScene();
    scene.sayOn(pullOf(scene, 6).number, '/research keep');
    await workOn(scene);
    assert.equal(pullOf(scene, 6).state, 'merged');
    assert.match(messageOfTip(scene), /Kept-by: bob$/);
    assert.equal(phaseOf(scene), 'finished');
  });

  test('is closed by another', async () => {
    const scene = await heldScene();
    scene.sayOn(pullOf(scene, 6).number, '/research discard');
    await workOn(scene);
    assert.deepEqual([pullOf(scene, 6).state, phaseOf(scene)], ['closed', 'finished']);
  });

  test('is measured once more by a third, and then judged again', async () => {
    const scene = await heldScene();
    const trials = scene.model.runs.values().filter(({ title }) => title.startsWith('1/6.')).length;
    scene.sayOn(pullOf(scene, 6).number, '/research rerun');
    await workOn(scene);
    assert.equal(phaseOf(scene), 'running');
    const { number } = pullOf(scene, 6);
    scene.measure(`1/6.${trials + 1}`, 0.5);
    await workOn(scene);
    assert.equal(phaseOf(scene), 'paused', 'it is too good again');
    assert.match(saidOn(scene, number, 'held'), new RegExp(`\\| 1/6\\.${trials + 1} `));
  });

  test('is closed when the campaign is stopped', async () => {
    const scene = await heldScene();
    scene.say('/research stop');
    await workOn(scene);
    assert.deepEqual([pullOf(scene, 6).state, phaseOf(scene)], ['closed', 'stopped']);
  });

  test('does not resume a campaign that a person has paused', async () => {
    const scene = await heldScene();
    scene.say('/research pause');
    await workOn(scene);
    scene.sayOn(pullOf(scene, 6).number, '/research keep');
    await workOn(scene);
    assert.equal(phaseOf(scene), 'paused');
    scene.say('/research resume');
    await workOn(scene);
    assert.deepEqual([pullOf(scene, 6).state, phaseOf(scene)], ['merged', 'finished']);
  });

  test('resumes a campaign that an earlier version of the App paused', async () => {
    const scene = await heldScene();
    const status = statusComments(scene.model, scene.issue)[0]?.comment ?? assert.fail('no status comment');
    const old = status.body
      .replace('"cause":"held",', '')
      .replaceAll('The remaining experiments need a decision: ', 'Only people can decide what is left: ');
    assert.notEqual(old, status.body);
    editComment(scene.model, BOT, status.id, old);
    scene.restart();
    scene.sayOn(pullOf(scene, 6).number, '/research keep');
    await workOn(scene);
    assert.deepEqual([pullOf(scene, 6).state, phaseOf(scene)], ['merged', 'finished']);
  });

  test('survives a restart, and stays held when somebody takes the label off', async () => {
    const scene = await heldScene();
    changePull(scene.model, 'alice', pullOf(scene, 6).number, { labels: ['research'] });
    scene.restart();
    scene.say('/research resume');
    await workOn(scene);
    assert.deepEqual([pullOf(scene, 6).state, phaseOf(scene)], ['open', 'paused']);
  });

  test('is kept with more runners taken than there are: its trial waits for one', async () => {
    const scene = await heldScene(7);
    push(scene, 'main', 'README.md', 'New.\n');
    scene.sayOn(pullOf(scene, 6).number, '/research keep');
    await workOn(scene);
    const running = () =>
      scene.model.runs
        .values()
        .filter(({ status }) => status !== 'completed')
        .map(({ title }) => title);
    assert.equal(running().length, 1);
  });
});
