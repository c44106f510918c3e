/** What a campaign says when it has ended. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Comment } from '../github/port.ts';
import { noticeKey } from '../github/replies.ts';
import { statusComments } from '../sim/invariants/read.ts';
import { changeRun } from '../sim/model/actions.ts';
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

describe('`digest: 06:00 Europe/Berlin`', () => {
  const digests = ({ model, issue }: Scene): Comment[] =>
    model.comments
      .values()
      .filter(({ issue: on, body }) => on === issue && noticeKey(body)?.startsWith('digest '));

  test('says once each morning what a campaign that is going has found, and nothing after its end', async () => {
    // It begins at midnight UTC, which is one o'clock in Berlin.
    const scene = campaignScene(3, 1, { digest: '06:00 Europe/Berlin' });
    await measureChampion(scene);
    scene.measure('1/1.1', 1.1);
    await scene.work();
    const run = scene.model.runs.values().at(-1);
    changeRun(scene.model, 'runner', run?.id ?? 0, { status: 'in_progress' });
    scene.pass(4 * 3600);
    await scene.work();
    assert.deepEqual(digests(scene), [], 'It is not yet six.');
    scene.pass(3600);
    await scene.work();
    scene.restart();
    await scene.work();
    assert.equal(digests(scene).length, 1);
    const [digest] = digests(scene);
    assert.match(
      digest?.body ?? '',
      /^### 🌅 No improvement: 0 of 2 experiments merged\n\n1 of 3 experiments are done\./,
    );
    assert.match(digest?.body ?? '', /\*\*Cost so far\.\*\* \d trials/);
    // The bot is away for two mornings.
    scene.pass(2 * 24 * 3600);
    await scene.work();
    assert.equal(digests(scene).length, 2);
    scene.say('/research stop');
    await scene.work();
    scene.pass(24 * 3600);
    await scene.work();
    assert.equal(digests(scene).length, 2);
  });

  test('says nothing before there is a verdict', async () => {
    const scene = campaignScene(3, 1, { digest: '06:00 Europe/Berlin' });
    await scene.work();
    scene.pass(6 * 3600);
    await scene.work();
    assert.deepEqual(digests(scene), []);
  });
});
