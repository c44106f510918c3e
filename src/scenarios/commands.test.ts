import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { denialIn } from '../github/denials.ts';
import { statusComments } from '../sim/invariants/read.ts';
import { editComment, openIssue } from '../sim/model/issues.ts';
import { answerTo, statusOf, workOn } from '../sim/page.test-helper.ts';
import { campaignScene, measureChampion, type Scene } from '../sim/scene.test-helper.ts';

const denials = ({ model }: Scene) =>
  model.comments.values().flatMap(({ issue, body }) => {
    const denial = denialIn(body);
    return denial ? [{ issue, body, ...denial }] : [];
  });

describe('where a command is read', () => {
  test('the text of a new issue is its first comment', async () => {
    const scene = campaignScene(1);
    const { model } = scene;
    const issue = openIssue(model, 'alice', 'A faster start.\n\n/research 7 --parallel 2');
    await workOn(scene);
    const [status] = statusComments(model, issue);
    assert.deepEqual([status?.state.target, status?.state.parallel], [7, 2]);
    scene.restart();
    await workOn(scene);
    assert.equal(statusComments(model, issue)[0]?.state.target, 7, 'once, whatever the App remembers');
  });

  test('the text of an issue counts once among the comments after it', async () => {
    const scene = campaignScene(1);
    const issue = openIssue(scene.model, 'alice', '/research status');
    await workOn(scene);
    const told = scene.model.comments.values().filter(comment => comment.issue === issue);
    assert.deepEqual(
      told.map(({ body }) => /There is no campaign on this issue yet/.test(body)),
      [true],
    );
    scene.sayOn(issue, '/research 3');
    await workOn(scene);
    assert.equal(statusComments(scene.model, issue)[0]?.state.target, 3);
    scene.restart();
    await workOn(scene);
    assert.equal(scene.model.comments.values().filter(comment => comment.issue === issue).length, 3);
  });

  test('a comment that is mended within a minute is read as it is then, and not later', async () => {
    const scene = campaignScene(1);
    await workOn(scene);
    const [soon, late] = [scene.say('so many typos'), scene.say('in both')];
    scene.pass(20);
    editComment(scene.model, 'alice', soon, '/research pause');
    await workOn(scene);
    assert.match(statusOf(scene), /Paused/);
    scene.pass(60);
    editComment(scene.model, 'alice', late, '/research resume');
    await workOn(scene);
    assert.match(statusOf(scene), /Paused/);
  });
});

describe('commands of strangers', () => {
  test('are answered after those of people with permission, in one comment for all', async () => {
    const scene = campaignScene(1);
    await workOn(scene);
    const before = scene.model.comments.values().length;
    for (let i = 0; i < 10; i++) scene.say('/research stop', i % 2 === 0 ? 'mallory' : 'trudy');
    const asked = scene.say('/research pause');
    assert.equal((await scene.look()).kind, 'answer');
    assert.match(statusOf(scene), /Paused/);
    await workOn(scene);
    assert.equal(scene.model.comments.values().length, before + 12);
    assert.match(
      answerTo(scene, asked - 1) ?? '',
      /^Sorry, mallory and trudy: commands need write permission/,
    );
  });

  test('are answered once an hour to each of them, whatever the App remembers', async () => {
    const scene = campaignScene(1);
    await measureChampion(scene);
    for (let minute = 0; minute < 90; minute++) {
      scene.say('/research stop', 'mallory');
      if (minute === 40) scene.restart();
      scene.pass(50);
      await scene.work();
    }
    assert.equal(denials(scene).length, 2);
  });

  test('do not hold up what the campaign does', async () => {
    const scene = campaignScene(1);
    scene.say('/research stop', 'mallory');
    const done = await scene.work();
    assert.deepEqual(done, ['answer', 'dispatch', 'think', 'deny']);
  });

  test('are not carried out when their author is given permission later', async () => {
    const scene = campaignScene(1);
    await workOn(scene);
    scene.say('/research pause', 'mallory');
    await workOn(scene);
    scene.model.permissions = new Map([...scene.model.permissions, ['mallory', 'write']]);
    await workOn(scene);
    assert.doesNotMatch(statusOf(scene), /Paused/);
    scene.say('/research pause', 'mallory');
    await workOn(scene);
    assert.match(statusOf(scene), /Paused/);
  });
});
