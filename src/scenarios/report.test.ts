/** What a campaign says when it has ended. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Comment } from '../github/port.ts';
import { noticeKey } from '../github/replies.ts';
import { statusComments } from '../sim/invariants/read.ts';
import { changeIssue } from '../sim/model/issues.ts';
import { clearLine } from '../sim/model/port.ts';
import { NoAnswer } from '../sim/model/refusal.ts';
import { campaignScene, finish, measureChampion, type Scene } from '../sim/scene.test-helper.ts';

const reports = ({ model, issue }: Scene): Comment[] =>
  model.comments
    .values()
    .filter(({ issue: on, body }) => on === issue && noticeKey(body)?.startsWith('report '));
const statusOf = ({ model, issue }: Scene) => statusComments(model, issue)[0] ?? assert.fail();

describe('a campaign that has ended', () => {
  test('reports once what it came to, and its status leaves that to the report', async () => {
    const scene = campaignScene(2);
    await measureChampion(scene);
    assert.deepEqual(reports(scene), []);
    await finish(scene, [1, 0.9, 1.1]);
    const [report, ...others] = reports(scene);
    assert.deepEqual(others, []);
    assert.match(
      report?.body ?? '',
      /^### 🏁 loss 1\.0000 → 0\.9\d+ \(−0\.\d+, .*% better\): 1 of 2 experiments merged/,
    );
    assert.match(statusOf(scene).comment.body, /are in the report below/);
    assert.doesNotMatch(statusOf(scene).comment.body, /!\[/);
    scene.restart();
    await scene.work();
    assert.equal(reports(scene)[0]?.updatedAt, report?.updatedAt);
  });

  test('reports once, although the App was killed after the comment and before it was noted', async () => {
    const scene = campaignScene(1);
    let isLost = false;
    scene.line = async (call, what, effect) => {
      const result = effect();
      if (call === 'createComment' && /🏁 /.test(what) && !what.includes('Finished')) isLost = true;
      if (isLost) throw new NoAnswer('fetch failed');
      return result;
    };
    await assert.rejects(finish(scene, [1, 1.1]), NoAnswer);
    assert.equal(reports(scene).length, 1);
    assert.equal(statusOf(scene).state.reportDue, true);
    scene.line = clearLine;
    scene.restart();
    scene.pass(300);
    await scene.work();
    assert.equal(reports(scene).length, 1);
    assert.equal(statusOf(scene).state.reportDue, false);
  });

  test('that goes on reports again at its next end', async () => {
    const scene = campaignScene(1);
    await finish(scene, [1, 1.1]);
    scene.say('/research 1');
    await scene.work();
    assert.match(statusOf(scene).comment.body, /!\[Progress so far\]/);
    await finish(scene, [1, 1.1, 0.9]);
    assert.deepEqual(
      reports(scene).map(({ body }) => /: (\d of \d) experiments? merged/.exec(body)?.[1]),
      ['0 of 1', '1 of 2'],
    );
  });

  test('says what it knows when a person stopped it, and nothing when there was nothing', async () => {
    const scene = campaignScene(3);
    await measureChampion(scene);
    scene.say('/research stop');
    await scene.work();
    assert.match(reports(scene)[0]?.body ?? '', /0 of 1 experiment merged[\s\S]*ended: Requested by alice\./);
    const empty = campaignScene(3);
    await empty.work();
    empty.say('/research stop');
    await empty.work();
    assert.deepEqual(reports(empty), []);
    assert.equal(statusOf(empty).state.reportDue, false);
  });

  test('reports on an issue that a person closed, also after a restart', async () => {
    const scene = campaignScene(3);
    await measureChampion(scene);
    changeIssue(scene.model, 'alice', scene.issue, { open: false });
    await scene.look();
    assert.equal(statusOf(scene).state.phase, 'stopped');
    scene.restart();
    await scene.work();
    assert.equal(reports(scene).length, 1);
  });
});
