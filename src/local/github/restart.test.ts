import assert from 'node:assert/strict';
import { test } from 'node:test';
import { branchWith, pullFrom, REPO, scene } from './github.test-helper.ts';

const RUNNER = { name: 'box', labels: ['gpu'] };
const never = new AbortController().signal;

test('a server that starts again on the same directory goes on where the last one stopped', async () => {
  const first = await scene();
  await branchWith(first.bot, 'a', first.main, { 'train.py': 'depth = 2\n' });
  const pull = await pullFrom(first.bot, 'a');
  const comment = { ...REPO, issue_number: pull.number, body: 'Started.' };
  await first.bot.rest.issues.createComment(comment);
  const workflow = { ...REPO, workflow_id: 'experiment.yml', ref: 'main' };
  for (const trial of ['1/1.1', '1/2.1']) {
    await first.bot.rest.actions.createWorkflowDispatch({ ...workflow, inputs: { trial } });
  }
  const lost = await first.github.jobs.take(RUNNER, never);
  first.github.jobs.upload(lost.runId, 'partial', new Map([['a', Buffer.from('b')]]));
  await first.github.close();

  const second = await scene({ dir: first.dir });
  const read = (await second.bot.rest.pulls.get({ ...REPO, pull_number: pull.number })).data;
  assert.deepEqual([read.id, read.head.sha, read.comments], [pull.id, pull.head.sha, 1]);
  const runs = (await second.bot.rest.actions.listWorkflowRunsForRepo(REPO)).data.workflow_runs;
  assert.deepEqual(
    runs.map(run => [run.display_title, run.status, run.conclusion]),
    [
      ['1/2.1', 'queued', null],
      ['1/1.1', 'completed', 'failure'],
    ],
  );
  assert.equal((await second.github.jobs.take(RUNNER, never)).title, '1/2.1');
  const next = await second.ann.rest.issues.create({ ...REPO, title: 'Next' });
  assert.equal(next.data.number, pull.number + 1);
  const { artifacts } = (
    await second.bot.rest.actions.listWorkflowRunArtifacts({ ...REPO, run_id: lost.runId })
  ).data;
  assert.deepEqual(
    artifacts.map(one => one.name),
    ['partial'],
  );
  await second.github.close();
});

test('a fault before a request takes effect leaves nothing behind; one after it leaves all of it', async () => {
  let fault: 'before' | 'after' | undefined;
  const { bot } = await scene({
    intercept: () => (fault === 'before' ? new Response('lost', { status: 502 }) : undefined),
    afterwards: () => (fault === 'after' ? new Response('lost', { status: 502 }) : undefined),
  });
  const title = async () => (await bot.rest.issues.listForRepo(REPO)).data.map(issue => issue.title);
  fault = 'before';
  await assert.rejects(bot.rest.issues.create({ ...REPO, title: 'before' }));
  fault = 'after';
  await assert.rejects(bot.rest.issues.create({ ...REPO, title: 'after' }));
  fault = undefined;
  assert.deepEqual(await title(), ['after']);
});
