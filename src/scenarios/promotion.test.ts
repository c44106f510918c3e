import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { GitHubPort } from '../github/port.ts';
import { noticeKey } from '../github/replies.ts';
import { promotionsOf, pullsOf, statusComments } from '../sim/invariants/read.ts';
import { NAMES, SETTINGS } from '../sim/landscape.ts';
import { addComment, changePull, deleteComment, openIssue } from '../sim/model/issues.ts';
import { mergePull } from '../sim/model/merge.ts';
import { deleteBranch, setBranch } from '../sim/model/refs.ts';
import { tipOf } from '../sim/model/state.ts';
import { campaignScene, finish, push, type Scene } from '../sim/scene.test-helper.ts';

const BRANCH = 'research/1/base';

/** A campaign that merges its first experiment and closes its second. */
async function twoExperiments(): Promise<Scene> {
  const scene = campaignScene(2, 1, { apart: true });
  await finish(scene, [1, 0.9, 1.1]);
  return scene;
}

const stateOf = ({ model, issue }: Scene) => statusComments(model, issue)[0]?.state ?? assert.fail();
const statusOf = ({ model, issue }: Scene) => statusComments(model, issue)[0]?.comment.body ?? '';
const promotions = ({ model, issue }: Scene) => promotionsOf(model, issue);
const notices = ({ model, issue }: Scene) =>
  model.comments
    .values()
    .filter(({ issue: on, body }) => on === issue && noticeKey(body)?.startsWith('report ') === false);

describe('a campaign with a branch of its own', () => {
  test('merges there, leaves main alone, and offers what it found in one pull request with the evidence', async () => {
    const scene = campaignScene(2, 1, { apart: true });
    const main = tipOf(scene.model, 'main');
    await finish(scene, [1, 0.9, 1.1]);
    assert.equal(tipOf(scene.model, 'main'), main);
    assert.deepEqual(
      pullsOf(scene.model, 1).map(({ state, base }) => [state, base]),
      [
        ['merged', BRANCH],
        ['closed', BRANCH],
      ],
    );
    const [merged] = pullsOf(scene.model, 1);
    assert.equal(tipOf(scene.model, BRANCH), merged?.mergeCommit);
    const [promotion, ...others] = promotions(scene);
    assert.deepEqual(others, []);
    assert.deepEqual([promotion?.state, promotion?.base], ['open', 'main']);
    assert.match(promotion?.title ?? '', /^Campaign #1: loss 1\.0000 → 0\.9000, 1 experiment merged$/);
    const lines = (promotion?.body ?? '').split('\n');
    const row = (start: string) => lines.find(line => line.startsWith(start))?.replaceAll(/ +/g, ' ');
    assert.equal(row('| campaign'), `| campaign start | ${main?.slice(0, 7)} | 1.0000 | 3 |`);
    assert.match(row('| this branch') ?? '', /\| 0\.9000 \| \d \|$/);
    assert.match(row(`| #${merged?.number}`) ?? '', /^\| #2 \| depth \| 0\.9000 \| −0\.1000 \| [<\d].*% \|$/);
    assert.match(promotion?.body ?? '', /1 experiment not merged\. Total spent: \d+ trials/);
    assert.match(
      promotion?.body ?? '',
      /merge this pull request\. A merge commit keeps one commit.*The bot never changes `main` itself/,
    );
    assert.match(statusOf(scene), /#4 proposes the improvements for `main`\. Only a person can merge it\./);
  });

  test('is told truly of main, when that moves and when the two are in conflict', async () => {
    const scene = await twoExperiments();
    assert.doesNotMatch(promotions(scene)[0]?.body ?? '', /when the campaign began/);
    push(scene, 'main', 'README.md', 'New.\n');
    await scene.work();
    // GitHub knows only at the second question whether the two fit.
    await scene.work();
    assert.match(promotions(scene)[0]?.body ?? '', /`main` moved from .* has never been measured/);
    assert.doesNotMatch(promotions(scene)[0]?.body ?? '', /conflict/);
    push(scene, 'main', SETTINGS, NAMES.map(name => `${name} = 1`).join('\n'));
    await scene.work();
    await scene.work();
    assert.match(promotions(scene)[0]?.body ?? '', /The two branches conflict: merge `main` into/);
    const { updatedAt } = promotions(scene)[0] ?? assert.fail();
    scene.restart();
    await scene.work();
    assert.equal(promotions(scene)[0]?.updatedAt, updatedAt, 'nothing new, nothing written');
  });

  test('that merged nothing leaves no branch and no pull request, and the issue says so', async () => {
    const scene = campaignScene(1, 1, { apart: true });
    await finish(scene, [1, 1.1]);
    assert.equal(tipOf(scene.model, BRANCH), undefined);
    assert.deepEqual(promotions(scene), []);
    assert.match(
      statusOf(scene),
      /Deleted `research\/1\/base`: nothing was merged into it, so there is nothing to promote/,
    );
    scene.say('/research 1');
    await finish(scene, [1, 1.1, 0.9]);
    assert.equal(promotions(scene).length, 1);
  });

  test('that goes on brings the pull request that is open up to date', async () => {
    const scene = await twoExperiments();
    scene.say('/research 1');
    await scene.work();
    assert.match(promotions(scene)[0]?.body ?? '', /⏳ Campaign #1 is still running/);
    await finish(scene, [1, 0.9, 1.1, 0.8]);
    const [promotion, ...others] = promotions(scene);
    assert.deepEqual(others, []);
    assert.match(promotion?.title ?? '', /loss 1\.0000 → 0\.8\d+, 2 experiments merged/);
    assert.doesNotMatch(promotion?.body ?? '', /⏳/);
  });

  for (const more of ['/research 1', '/research try width = 3'])
    test(`whose promotion a person merged says so once, and starts again from main after ${more}`, async () => {
      const scene = await twoExperiments();
      const [promotion] = promotions(scene);
      mergePull(scene.model, 'alice', promotion?.number ?? 0, {
        sha: promotion?.headSha ?? '',
        message: 'Take it',
      });
      const main = tipOf(scene.model, 'main');
      await scene.work();
      scene.restart();
      await scene.work();
      assert.equal(notices(scene).length, 1);
      assert.match(
        notices(scene)[0]?.body ?? '',
        /#4 was merged: the improvements of this campaign are on `main` now/,
      );
      scene.say(more);
      await scene.work();
      assert.deepEqual([tipOf(scene.model, BRANCH), stateOf(scene).base?.start.sha], [main, main]);
      await finish(scene, [0.9, 0.9, 1.1, 0.8]);
      assert.deepEqual(
        promotions(scene).map(({ state, title }) => `${state}: ${title.replace(/:.*,/, ',')}`),
        ['merged: Campaign #1, 1 experiment merged', 'open: Campaign #1, 1 experiment merged'],
      );
    });

  test('whose offer a person closed says so, and offers again only what is more', async () => {
    const scene = await twoExperiments();
    changePull(scene.model, 'alice', promotions(scene)[0]?.number ?? 0, { state: 'closed' });
    await scene.work();
    assert.match(notices(scene)[0]?.body ?? '', /#4 was closed, so `main` is unchanged/);
    scene.say('/research 1');
    await finish(scene, [1, 0.9, 1.1, 1.2]);
    assert.equal(promotions(scene).length, 1);
    scene.say('/research 1');
    await finish(scene, [1, 0.9, 1.1, 1.2, 0.8]);
    assert.deepEqual(
      promotions(scene).map(({ state, title }) => `${state}: ${title.replace(/.*, /, '')}`),
      ['closed: 1 experiment merged', 'open: 2 experiments merged'],
    );
  });

  test('starts where main demands reviews, and not where its own branch would be refused', async () => {
    const scene = campaignScene(1, 1, { apart: true });
    const { port } = scene.context;
    const rules = (asked: string): GitHubPort => ({
      ...port,
      baseObstacles: async branch => (branch === asked ? ['required reviews'] : []),
    });
    scene.context.port = rules(BRANCH);
    await scene.work();
    const [answer] = scene.model.comments.values().filter(({ author }) => author === scene.model.botLogin);
    assert.match(
      answer?.body ?? '',
      /Branches like `research\/1\/base` have required reviews.*Exclude `research\/\*\*` and `research-log`/,
    );
    scene.context.port = rules('main');
    scene.say('/research 1');
    await scene.work();
    assert.equal(stateOf(scene).phase, 'running');
  });

  test('waits while another one runs, and then starts from main', async () => {
    const scene = campaignScene(1, 1, { apart: true });
    await scene.work();
    const other = openIssue(scene.model, 'alice');
    const issue = { ...scene, issue: other };
    addComment(scene.model, 'alice', other, '/research 1');
    await scene.work();
    assert.match(statusOf(issue), /Queued behind #1: one campaign runs at a time/);
    assert.equal(tipOf(scene.model, 'research/2/base'), undefined);
    scene.say('/research stop');
    await finish(issue, [1, 0.9]);
    assert.equal(tipOf(scene.model, BRANCH), undefined);
    assert.equal(promotionsOf(scene.model, other).length, 1);
    assert.equal(stateOf(issue).base?.start.sha, tipOf(scene.model, 'main'));
  });
});

describe('a campaign’s own branch in a person’s hands', () => {
  test('that was moved pauses the campaign; resumed, it goes on from there, and the offer says so', async () => {
    const scene = campaignScene(1, 1, { apart: true });
    await scene.work();
    push(scene, BRANCH, 'README.md', 'New.\n');
    await scene.work();
    assert.equal(stateOf(scene).phase, 'paused');
    assert.match(stateOf(scene).reason, /Someone moved `research\/1\/base` from .* to /);
    scene.say('/research resume');
    await finish(scene, [1, 0.9]);
    assert.match(promotions(scene)[0]?.body ?? '', /`research\/1\/base` was also changed by hand/);
  });

  test('that was deleted pauses the campaign until it is made again', async () => {
    const scene = campaignScene(1, 1, { apart: true });
    await scene.work();
    const tip = tipOf(scene.model, BRANCH) ?? '';
    deleteBranch(scene.model, 'alice', BRANCH);
    await scene.work();
    assert.match(stateOf(scene).reason, new RegExp(`Someone deleted .* Recreate it at ${tip}`));
    scene.pass(60);
    scene.say('/research resume');
    await scene.work();
    assert.equal(stateOf(scene).phase, 'paused', 'it is still gone');
    setBranch(scene.model, 'alice', BRANCH, tip);
    scene.say('/research resume');
    await finish(scene, [1, 0.9]);
    assert.equal(promotions(scene).length, 1);
  });

  test('that somebody put back before the state was lost is never thrown away', async () => {
    const scene = campaignScene(2, 1, { apart: true });
    await finish(scene, [1, 0.9, 0.8]);
    const { model } = scene;
    const [first] = pullsOf(model, 1);
    const start = stateOf(scene).base?.start.sha;
    changePull(model, 'bob', promotions(scene)[0]?.number ?? 0, { state: 'closed' });
    await scene.work();
    setBranch(model, 'bob', BRANCH, first?.mergeCommit ?? '');
    for (const { comment } of statusComments(model, 1)) deleteComment(model, 'bob', comment.id);
    scene.pass(600);
    await scene.work();
    scene.say('/research 1');
    await finish(scene, [0.9, 0, 0, 1.1]);
    assert.equal(tipOf(model, BRANCH), first?.mergeCommit);
    assert.equal(stateOf(scene).base?.start.sha, start);
  });

  test('is not considered deleted because GitHub once failed to read it', async () => {
    const scene = campaignScene(1, 1, { apart: true });
    await scene.work();
    const { port } = scene.context;
    scene.context.port = { ...port, commit: async ref => (ref === BRANCH ? null : port.commit(ref)) };
    await scene.look();
    scene.context.port = port;
    await finish(scene, [1, 0.9]);
    assert.equal(promotions(scene).length, 1);
  });
});

test('a campaign whose branch somebody made the default branch by hand offers nothing more, and says so once', async () => {
  const scene = campaignScene(1, 1, { apart: true });
  scene.line = async (call, _what, effect) => {
    if (call === 'createPull' && stateOf(scene).phase === 'finished')
      setBranch(scene.model, 'alice', 'main', tipOf(scene.model, BRANCH) ?? '');
    return effect();
  };
  await finish(scene, [1, 0.9]);
  assert.deepEqual(promotions(scene), []);
  const said = notices(scene).filter(({ body }) =>
    /`main` already contains this campaign's improvements/.test(body),
  );
  assert.equal(said.length, 1);
  scene.restart();
  scene.pass(300);
  assert.deepEqual(await scene.work(), []);
});

const READS =
  /^(about|commit|file|look|workflowFiles|baseObstacles|branches|issue|openIssues|comments?|commentsSince|findComment|issuesSince|pullsSince|openPullOf|pull|mergeable|checks|runs|artifact|permission)$/;

test('an App that is killed before or after any of its writes ends with the same branch and one pull request', async () => {
  /** Runs the campaign with a kill at the n-th write; returns how many writes there were. */
  const withKill = async (n: number, when: 'before' | 'after'): Promise<[number, Scene]> => {
    const scene = campaignScene(1, 1, { apart: true });
    let writes = 0;
    scene.line = async (call, _what, effect) => {
      const isKill = !READS.test(call) && ++writes === n;
      if (isKill && when === 'before') throw new Killed();
      const result = effect();
      if (isKill) throw new Killed();
      return result;
    };
    const { look } = scene;
    scene.look = () =>
      look().catch(error => {
        if (!(error instanceof Killed)) throw error;
        scene.restart();
        // Long enough for a dispatched trial to count as lost.
        scene.pass(130);
        return scene.look();
      });
    await finish(scene, [1, 0.9]);
    return [writes, scene];
  };
  const [writes] = await withKill(0, 'before');
  assert.ok(writes > 20);
  for (let n = 1; n <= writes; n++)
    for (const when of ['before', 'after'] as const) {
      const [, scene] = await withKill(n, when);
      const found = promotions(scene).map(({ state, title }) => `${state}: ${title}`);
      assert.deepEqual(
        found,
        ['open: Campaign #1: loss 1.0000 → 0.9000, 1 experiment merged'],
        `killed ${when} write ${n}`,
      );
      assert.equal(tipOf(scene.model, BRANCH), pullsOf(scene.model, 1)[0]?.mergeCommit);
      assert.deepEqual(
        scene.model.branches
          .values()
          .map(({ name }) => name)
          .sort(),
        ['main', BRANCH, 'research-log'].sort(),
      );
    }
});

class Killed extends Error {}
