import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { branchWith, pullFrom, REPO, receiver, SECRET, scene } from './github.test-helper.ts';

test('what an App acts on is told, in order, signed, with the installation and who did it', async () => {
  const hooks = await receiver();
  const { ann, bot, github, main } = await scene();
  github.setWebhookUrl(hooks.url);
  await ann.rest.issues.create({ ...REPO, title: 'One' });
  const { data } = await ann.rest.issues.createComment({ ...REPO, issue_number: 1, body: '/research 5' });
  await ann.rest.issues.updateComment({ ...REPO, comment_id: data.id, body: '/research 50' });
  await bot.rest.issues.createComment({ ...REPO, issue_number: 1, body: 'Started.' });
  await ann.rest.issues.update({ ...REPO, issue_number: 1, state: 'closed' });
  await ann.rest.issues.update({ ...REPO, issue_number: 1, state: 'open' });

  const received = await hooks.until(6);
  assert.deepEqual(
    received.map(one => one.name),
    [
      'issues.opened',
      'issue_comment.created',
      'issue_comment.edited',
      'issue_comment.created',
      'issues.closed',
      'issues.reopened',
    ],
  );
  const [, created, , answered] = received;
  assert.ok(created);
  const signature = `sha256=${createHmac('sha256', SECRET).update(created.body).digest('hex')}`;
  assert.equal(created.headers['x-hub-signature-256'], signature);
  assert.match(String(created.headers['x-github-delivery']), /^[0-9a-f-]{36}$/);
  const { sender, repository, installation } = created.payload;
  assert.deepEqual([sender?.login, repository?.full_name], ['ann', 'ann/gpt']);
  assert.equal(typeof installation?.id, 'number');
  assert.deepEqual(answered?.payload.sender?.login, 'research[bot]');

  await branchWith(bot, 'a', main, { 'train.py': 'depth = 2\n' });
  const pull = await pullFrom(bot, 'a');
  await branchWith(bot, 'b', pull.head.sha, { 'train.py': 'depth = 3\n' });
  const next = (await bot.rest.git.getRef({ ...REPO, ref: 'heads/b' })).data.object.sha;
  await bot.rest.git.updateRef({ ...REPO, ref: 'heads/a', sha: next });
  await bot.rest.pulls.merge({ ...REPO, pull_number: pull.number, merge_method: 'squash' });
  await bot.rest.git.deleteRef({ ...REPO, ref: 'heads/a' });
  const later = (await hooks.until(13)).slice(6);
  assert.deepEqual(
    later.map(one => one.name),
    ['push', 'push', 'push', 'pull_request.synchronize', 'push', 'pull_request.closed', 'push'],
  );
  const pushes = later.filter(one => one.name === 'push').map(one => one.payload);
  assert.deepEqual(
    pushes.map(push => [push.ref, push.created, push.deleted, push.commits?.length]),
    [
      ['refs/heads/a', true, false, 1],
      ['refs/heads/b', true, false, 2],
      ['refs/heads/a', false, false, 1],
      ['refs/heads/main', false, false, 1],
      ['refs/heads/a', false, true, 0],
    ],
  );
  assert.equal(later[5]?.payload.pull_request?.merged, true);
});

test('a run is told when a runner takes it and when it ends', async () => {
  const hooks = await receiver();
  const { bot, github } = await scene();
  github.setWebhookUrl(hooks.url);
  const inputs = { trial: '1/1.1' };
  const workflow = { ...REPO, workflow_id: 'experiment.yml', ref: 'main' };
  await bot.rest.actions.createWorkflowDispatch({ ...workflow, inputs });
  const job = await github.jobs.take({ name: 'box', labels: ['gpu'] }, new AbortController().signal);
  github.jobs.complete(job.jobId, 'success');
  const received = await hooks.until(2);
  assert.deepEqual(
    received.map(one => one.name),
    ['workflow_run.in_progress', 'workflow_run.completed'],
  );
});

test('the App is told when it is installed', async () => {
  const hooks = await receiver();
  const { github } = await scene();
  github.setWebhookUrl(hooks.url);
  await github.createRepository({ owner: 'bob', name: 'other', files: new Map([['a', 'b']]) });
  const [installed] = await hooks.until(1);
  assert.equal(installed?.name, 'installation.created');
  const payload = installed?.payload;
  assert.equal(payload?.installation?.account?.login, 'bob');
  assert.deepEqual(
    payload?.repositories?.map(one => one.full_name),
    ['bob/other'],
  );
});

test('a webhook that is not received is recorded, not repeated, and holds nothing up', async () => {
  const failing = await receiver(500);
  const good = await receiver();
  const { ann, github } = await scene();
  await ann.rest.issues.create({ ...REPO, title: 'One' });
  const say = (body: string) => ann.rest.issues.createComment({ ...REPO, issue_number: 1, body });
  github.setWebhookUrl(failing.url);
  await say('one');
  github.setWebhookUrl('http://127.0.0.1:1/');
  await say('two');
  github.setWebhookUrl(good.url);
  await say('three');
  await good.until(1);
  assert.equal(failing.received.length, 1);
  const [first, second] = github.deliveries;
  assert.deepEqual([first?.event, first?.action, first?.status], ['issue_comment', 'created', 500]);
  assert.deepEqual([second?.status, typeof second?.error], [null, 'string']);
});
