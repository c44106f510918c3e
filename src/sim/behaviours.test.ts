import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { statusOf } from '../github/errors.ts';
import { localPlace, modelPlace, proposal, RUN_LIST_LAG_SECONDS } from './behaviours.test-helper.ts';

const MERGE = { title: 'Try (#2)', message: 'It helped.' };
const TEXT = { title: 'Measuring', summary: 'A trial.', text: '' };
const NOBODY = 'f'.repeat(40);

async function refusedWith(status: number, request: Promise<unknown>): Promise<void> {
  await assert.rejects(request, error => statusOf(error) === status);
}

for (const [name, place] of [
  ['the model', modelPlace],
  ['the local GitHub', localPlace],
] as const)
  describe(`GitHub as the App sees it: ${name}`, () => {
    test('the list of runs lags behind a dispatch, and a run stays at the tip of its dispatch', async () => {
      const { port, main, pass, push } = await place();
      await port.dispatch('experiment.yml', 'main', { trial: '1/1.1' });
      assert.deepEqual(await port.runs('experiment.yml'), []);
      await push('main', 'README.md', 'Better.\n');
      pass(RUN_LIST_LAG_SECONDS + 1);
      const [run] = await port.runs('experiment.yml');
      assert.ok(run);
      assert.deepEqual(
        [run.title, run.actor, run.status, run.conclusion, run.headSha],
        ['1/1.1', port.botLogin, 'queued', null, main],
      );
      assert.equal(await port.artifact(run.id, 'measurement', 'measurement.json'), null);
      await port.cancelRun(run.id);
      await port.cancelRun(run.id);
      await port.cancelRun(999_999);
      assert.deepEqual(await port.runs('other.yml'), []);
      await refusedWith(404, port.dispatch('other.yml', 'main', {}));
      await refusedWith(422, port.dispatch('experiment.yml', 'gone', { trial: '1/1.1' }));
      await refusedWith(422, port.dispatch('experiment.yml', 'main', { trial: '1/1.1', unheard: 'of' }));
    });

    test('a merge fails once after the base moved, and squashes into one commit on the new tip', async () => {
      const here = await place();
      const { port } = here;
      const { pull, sha } = await proposal(here, 'research/1/1');
      const tip = await here.push('main', 'README.md', 'Better.\n');
      assert.deepEqual(await port.merge(pull, { sha, ...MERGE }), { kind: 'moved' });
      const result = await port.merge(pull, { sha, ...MERGE });
      assert.equal(result.kind, 'merged');
      const merged = await port.commit('main');
      assert.deepEqual(merged?.parents, [tip]);
      assert.equal(await port.file('train.py', 'main'), 'depth = 9\n');
      assert.equal(await port.file('README.md', 'main'), 'Better.\n');
      const after = await port.pull(pull);
      assert.deepEqual([after.state, after.mergeCommit], ['merged', merged?.sha]);
    });

    test('a head that is not the one expected is "moved", what is in conflict or closed is refused', async () => {
      const here = await place();
      const { port } = here;
      const { pull, sha } = await proposal(here, 'research/1/1');
      assert.deepEqual(await port.merge(pull, { sha: NOBODY, ...MERGE }), { kind: 'moved' });
      await here.push('main', 'train.py', 'depth = 10\n');
      await port.pull(pull);
      const conflict = await port.merge(pull, { sha, ...MERGE });
      assert.deepEqual(
        [conflict.kind, 'message' in conflict && /not mergeable/.test(conflict.message)],
        ['refused', true],
      );
      await port.updatePull(pull, { state: 'closed' });
      assert.equal((await port.merge(pull, { sha, ...MERGE })).kind, 'refused');
    });

    test('whether a pull request fits its base is known after a while, and of a closed one never', async () => {
      const here = await place();
      const { port } = here;
      const { pull } = await proposal(here, 'research/1/1');
      const fits = async () => (await port.mergeable(pull)) ?? (await port.mergeable(pull));
      assert.equal(await fits(), true);
      await here.push('main', 'train.py', 'depth = 10\n');
      assert.equal(await port.mergeable(pull), null);
      assert.equal(await fits(), false);
      await port.updatePull(pull, { state: 'closed' });
      assert.equal(await fits(), null);
    });

    test('a rule of the repository refuses a merge as often as one tries', async () => {
      const here = await place();
      const { port } = here;
      const { pull, sha } = await proposal(here, 'research/1/1');
      await here.protect('main');
      for (let i = 0; i < 2; i++) {
        const result = await port.merge(pull, { sha, ...MERGE });
        assert.ok(result.kind === 'refused' && /Required status check/.test(result.message));
      }
      assert.deepEqual(await port.baseObstacles('main'), ['required status checks']);
    });

    test('deleting a head branch closes its pull request; moving it moves the head', async () => {
      const here = await place();
      const { port } = here;
      const { pull } = await proposal(here, 'research/1/1');
      const moved = await here.push('research/1/1', 'train.py', 'depth = 11\n');
      assert.equal((await port.pull(pull)).headSha, moved);
      assert.equal((await port.openPullOf('research/1/1'))?.number, pull);
      await port.deleteBranch('research/1/1');
      await port.deleteBranch('research/1/1');
      assert.equal((await port.pull(pull)).state, 'closed');
      assert.equal(await port.openPullOf('research/1/1'), null);
    });

    test('a branch that exists, that stands in the way of another or that points at nothing is refused', async () => {
      const { port, main } = await place();
      await port.createBranch('research/1/1', main);
      await refusedWith(422, port.createBranch('research/1/1', main));
      await refusedWith(422, port.createBranch('research/1', main));
      await refusedWith(422, port.createBranch('research/1/1/2', main));
      await refusedWith(422, port.createBranch('research/1/2', NOBODY));
      await refusedWith(422, port.moveBranch('research/1/3', main));
      assert.deepEqual(await port.branches('research/'), new Map([['research/1/1', main]]));
    });

    test('a pull request needs commits, a branch, and no open twin', async () => {
      const here = await place();
      const { port, main } = here;
      const open = (branch: string) => port.createPull({ title: 'Try', body: '', branch, base: 'main' });
      await port.createBranch('same', main);
      await refusedWith(422, open('same'));
      await refusedWith(422, open('gone'));
      const { pull } = await proposal(here, 'research/1/1');
      await refusedWith(422, open('research/1/1'));
      await port.updatePull(pull, { title: 'x'.repeat(300), body: 'x'.repeat(70_000) });
      const { title, body } = await port.pull(pull);
      assert.ok(title.length === 256 && body.length > 65_000, 'cut to fit');
    });

    test('what is missing is null to ask for, and 404 to write to', async () => {
      const { port } = await place();
      assert.equal(await port.commit('gone'), null);
      assert.equal(await port.commit(NOBODY), null);
      assert.equal(await port.file('gone.py', 'main'), null);
      assert.equal(await port.issue(99), null);
      assert.equal(await port.comment(99), null);
      assert.equal(await port.permission('mallory'), 'none');
      assert.equal(await port.permission('eve'), 'read');
      assert.deepEqual(await port.workflowFiles('main'), ['.github/workflows/experiment.yml']);
      await refusedWith(404, port.pull(99));
      await refusedWith(404, port.comments(99));
      await refusedWith(404, port.createComment(99, 'Hello?'));
      await refusedWith(404, port.updateComment(99, 'Hello?'));
      await refusedWith(404, port.addLabel(99, 'research'));
      await port.react(99, 'eyes');
    });

    test('a comment is new until it is edited, and both edit its issue', async () => {
      const { port, pass, openIssue, comment } = await place();
      const issue = await openIssue();
      assert.deepEqual((await port.issue(issue))?.labels, []);
      await port.addLabel(issue, 'research');
      assert.deepEqual((await port.issue(issue))?.labels, ['research']);
      const opened = (await port.openIssues('research'))[0]?.updatedAt ?? '';
      pass(10);
      const asked = await comment(issue, '/research 5');
      const own = await port.createComment(issue, 'Running.');
      assert.equal(own.createdAt, own.updatedAt);
      assert.ok(((await port.openIssues('research'))[0]?.updatedAt ?? '') > opened);
      pass(10);
      await port.updateComment(own.id, 'Finished.');
      const read = await port.comment(own.id);
      assert.deepEqual([read?.body, read?.author, read?.issue], ['Finished.', port.botLogin, issue]);
      assert.ok((read?.updatedAt ?? '') > own.createdAt);
      const ids = (comments: { id: number }[]) => comments.map(({ id }) => id);
      assert.deepEqual(ids(await port.comments(issue)), [asked, own.id]);
      assert.deepEqual(ids(await port.commentsSince(new Date(own.createdAt))), [asked, own.id]);
      assert.deepEqual(ids(await port.commentsSince(new Date(read?.updatedAt ?? ''))), [own.id]);
    });

    test('pull requests are listed by their last edit; a comment is one', async () => {
      const here = await place();
      const { port, pass } = here;
      const first = await proposal(here, 'research/1/1');
      pass(10);
      const second = await proposal(here, 'research/1/2', 'train.py', 'depth = 7\n');
      const numbers = async (since: string | null) =>
        (await port.pullsSince(since)).map(({ number }) => number);
      assert.deepEqual(await numbers(null), [second.pull, first.pull]);
      pass(10);
      await port.createComment(first.pull, 'Close.');
      assert.deepEqual(await numbers(null), [first.pull, second.pull]);
      assert.deepEqual(await numbers((await port.pull(first.pull)).updatedAt), [first.pull]);
    });

    test('check runs are listed by their commit, and may be begun again and completed', async () => {
      const { port, main } = await place();
      const began = new Date('2026-03-08T00:00:00Z');
      const id = await port.createCheck(main, '1/0.1', began, TEXT);
      const restarted = Date.parse('2026-03-08T00:02:00Z');
      await port.restartCheck(id, new Date(restarted));
      const listed = async () =>
        (await port.checks(main)).map(check => [
          check.id,
          check.externalId,
          Date.parse(check.startedAt),
          check.completed,
          check.text,
        ]);
      assert.deepEqual(await listed(), [[id, '1/0.1', restarted, false, '']]);
      await port.completeCheck(id, 'success', null, { ...TEXT, text: 'loss 1.0' });
      assert.deepEqual(await listed(), [[id, '1/0.1', restarted, true, 'loss 1.0']]);
      await refusedWith(422, port.createCheck(NOBODY, '1/0.2', began, TEXT));
      await refusedWith(404, port.restartCheck(99, began));
    });
  });
