import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Octokit } from '@octokit/rest';
import { strFromU8, unzipSync } from 'fflate';
import { branchWith, REPO, refused, scene, WORKFLOW } from '../github.test-helper.ts';

const RUNNER = { name: 'box', labels: ['gpu'] };
const never = new AbortController().signal;
const at = { ...REPO, workflow_id: 'experiment.yml' };

async function dispatch(client: Octokit, trial: string, ref = 'main'): Promise<void> {
  const answer = await client.rest.actions.createWorkflowDispatch({ ...at, ref, inputs: { trial } });
  assert.deepEqual([answer.status, answer.data], [204, '']);
}

/** The run of a trial, as it is listed; it fails where there is none. */
async function runOf(client: Octokit, trial: string) {
  const { data } = await client.rest.actions.listWorkflowRuns(at);
  const run = data.workflow_runs.find(one => one.display_title === trial);
  return run ?? assert.fail(`Expected a run of ${trial}.`);
}

test('a dispatched run is taken by a runner, and leaves an artifact', async () => {
  const { bot, github, main } = await scene();
  await dispatch(bot, '1/1.1');
  const run = await runOf(bot, '1/1.1');
  const { id } = run;
  assert.deepEqual([run.status, run.head_sha], ['queued', main]);
  assert.deepEqual(
    [run.actor?.login, run.event, run.head_branch],
    ['research[bot]', 'workflow_dispatch', 'main'],
  );

  const job = await github.jobs.take(RUNNER, never);
  assert.deepEqual([job.runId, job.name, job.title], [id, 'trial', '1/1.1']);
  assert.deepEqual(
    [job.inputs, job.headSha, job.ref],
    [{ trial: '1/1.1', seed: '1' }, main, 'refs/heads/main'],
  );
  assert.equal(job.workflowText, WORKFLOW);
  assert.equal((await runOf(bot, '1/1.1')).status, 'in_progress');
  github.jobs.upload(id, 'measurement', new Map([['measurement.json', Buffer.from('{"value":1}')]]));
  github.jobs.complete(job.jobId, 'success');

  const done = await runOf(bot, '1/1.1');
  assert.deepEqual([done.status, done.conclusion], ['completed', 'success']);
  assert.throws(() => github.jobs.upload(id, 'measurement', new Map()), /already has an artifact/);
  const artifacts = (await bot.rest.actions.listWorkflowRunArtifacts({ ...REPO, run_id: id })).data.artifacts;
  assert.deepEqual(
    artifacts.map(one => one.name),
    ['measurement'],
  );
  const zip = await bot.rest.actions.downloadArtifact({
    ...REPO,
    artifact_id: artifacts[0]?.id ?? 0,
    archive_format: 'zip',
  });
  const files = unzipSync(new Uint8Array(zip.data as ArrayBuffer));
  assert.equal(strFromU8(files['measurement.json'] ?? new Uint8Array()), '{"value":1}');
});

test('the link to an artifact works for whoever has it, and no other link does', async () => {
  const { bot, github } = await scene();
  await dispatch(bot, '1/1.1');
  const { id } = await runOf(bot, '1/1.1');
  github.jobs.upload(id, 'measurement', new Map([['a', Buffer.from('b')]]));
  const { data } = await bot.rest.actions.listWorkflowRunArtifacts({ ...REPO, run_id: id });
  const url = data.artifacts[0]?.archive_download_url ?? '';
  const { token } = (await bot.auth()) as { token: string };
  const headers = { authorization: `token ${token}` };
  const link = (await fetch(url, { headers, redirect: 'manual' })).headers.get('location') ?? '';
  assert.equal((await fetch(link)).status, 200);
  assert.equal((await fetch(link.replace(/.$/, end => (end === '0' ? '1' : '0')))).status, 404);
});

test('the list of runs lags behind a dispatch', async () => {
  let now = new Date('2026-03-01T00:00:00Z');
  const { bot } = await scene({ clock: () => now, runListLagSeconds: 20 });
  await dispatch(bot, '1/1.1');
  const listed = async () => {
    const { data } = await bot.rest.actions.listWorkflowRuns(at);
    return data.workflow_runs.map(run => run.display_title);
  };
  assert.deepEqual(await listed(), []);
  now = new Date(now.getTime() + 20_000);
  assert.deepEqual(await listed(), ['1/1.1']);
});

test('a run keeps the commit that was the tip when it was dispatched', async () => {
  const { bot, github, main } = await scene();
  await dispatch(bot, '1/1.1');
  const newer = await branchWith(bot, 'newer', main, { 'train.py': 'depth = 2\n' });
  await bot.rest.git.updateRef({ ...REPO, ref: 'heads/main', sha: newer });
  assert.equal((await runOf(bot, '1/1.1')).head_sha, main);
  assert.equal((await github.jobs.take(RUNNER, never)).headSha, main);
});

test('a dispatch with wrong inputs, at no ref, or of no workflow is refused', async () => {
  const { ann, bot, main } = await scene();
  const go = (inputs: Record<string, string>, ref = 'main', workflow = 'experiment.yml') =>
    bot.rest.actions.createWorkflowDispatch({ ...REPO, workflow_id: workflow, ref, inputs });
  await refused(go({}), 422, /Required input 'trial' not provided/);
  await refused(go({ trial: '1/1.1', colour: 'red' }), 422, /Unexpected inputs provided: \["colour"\]/);
  await refused(go({ trial: '1/1.1' }, 'nowhere'), 422, /No ref found for: nowhere/);
  for (const workflow of ['none.yml', '../../train.py', 'a\nb.yml'])
    await refused(go({ trial: '1/1.1' }, 'main', workflow), 404, /Not Found/);
  const push = { '.github/workflows/experiment.yml': 'on: push\njobs: {a: {runs-on: self-hosted}}\n' };
  await branchWith(ann, 'push-only', main, push);
  await refused(go({ trial: '1/1.1' }, 'push-only'), 422, /does not have 'workflow_dispatch' trigger/);
  for (const [name, text] of [
    ['no-yaml', 'jobs: ['],
    ['no-dispatch', 'on: {workflow_dispatch: 3}\njobs: {a: {runs-on: self-hosted}}\n'],
    ['no-label', `on: workflow_dispatch\njobs: {a: {runs-on: "\${{ matrix.a }}"}}\n`],
  ] as const) {
    await branchWith(ann, name, main, { '.github/workflows/experiment.yml': text });
    await refused(go({}, name), 422, /Invalid/);
  }
  assert.equal((await bot.rest.actions.listWorkflowRuns(at)).data.total_count, 0);
});

test('a job waits for a runner that has its labels', async () => {
  const { bot, github } = await scene();
  await dispatch(bot, '1/1.1');
  const giveUp = new AbortController();
  const wrong = github.jobs.take({ name: 'laptop', labels: ['cpu'] }, giveUp.signal);
  const job = await github.jobs.take({ name: 'box', labels: ['GPU', 'big'] }, never);
  assert.equal(job.title, '1/1.1');
  giveUp.abort(new Error('no more'));
  await assert.rejects(wrong, /no more/);
});

test('a waiting runner gets the next job, and jobs go out in the order of their dispatch', async () => {
  const { bot, github } = await scene();
  const first = github.jobs.take(RUNNER, never);
  await dispatch(bot, '1/1.1');
  await dispatch(bot, '1/2.1');
  await dispatch(bot, '1/3.1');
  const titles = [await first, await github.jobs.take(RUNNER, never), await github.jobs.take(RUNNER, never)];
  assert.deepEqual(
    titles.map(job => job.title),
    ['1/1.1', '1/2.1', '1/3.1'],
  );
});

test('cancelling ends a queued run at once, and a running one when its runner says so', async () => {
  const { bot, github } = await scene();
  const [running, queued] = ['1/1.1', '1/2.1'];
  for (const trial of [running, queued]) await dispatch(bot, trial);
  const job = await github.jobs.take(RUNNER, never);
  const cancel = async (trial: string) =>
    bot.rest.actions.cancelWorkflowRun({ ...REPO, run_id: (await runOf(bot, trial)).id });
  for (const trial of [running, queued]) assert.equal((await cancel(trial)).status, 202);
  assert.equal((await runOf(bot, queued)).conclusion, 'cancelled');
  assert.equal((await runOf(bot, running)).status, 'in_progress');
  assert.equal(github.jobs.cancelled(job.jobId).aborted, true);
  github.jobs.complete(job.jobId, 'cancelled');
  assert.equal((await runOf(bot, running)).conclusion, 'cancelled');
  await refused(cancel(running), 409, /completed/);
});

test('a run ends with the last of its jobs', async () => {
  const { ann, bot, github, main } = await scene();
  const text = `run-name: both
on: workflow_dispatch
jobs:
  build: {runs-on: self-hosted}
  test: {runs-on: {labels: [self-hosted, "\${{ github.actor }}"]}}
`;
  const tip = await branchWith(ann, 'two', main, { '.github/workflows/two.yml': text });
  await ann.rest.git.updateRef({ ...REPO, ref: 'heads/main', sha: tip });
  await ann.rest.actions.createWorkflowDispatch({ ...REPO, workflow_id: 'two.yml', ref: 'main' });
  const state = async () => {
    const [run] = (await bot.rest.actions.listWorkflowRunsForRepo(REPO)).data.workflow_runs;
    return [run?.display_title, run?.status, run?.conclusion];
  };
  const first = await github.jobs.take({ name: 'box', labels: [] }, never);
  assert.equal(first.name, 'build');
  github.jobs.complete(first.jobId, 'failure');
  assert.deepEqual(await state(), ['both', 'in_progress', null]);
  const second = await github.jobs.take({ name: 'box', labels: ['ann'] }, never);
  assert.equal(second.name, 'test');
  github.jobs.complete(second.jobId, 'success');
  assert.deepEqual(await state(), ['both', 'completed', 'failure']);
});

test('runs are found by event and status', async () => {
  const { bot, github } = await scene();
  await dispatch(bot, '1/1.1');
  github.jobs.complete((await github.jobs.take(RUNNER, never)).jobId, 'failure');
  await dispatch(bot, '1/2.1');
  const list = async (query: object) => {
    const { data } = await bot.rest.actions.listWorkflowRuns({ ...at, ...query });
    return data.workflow_runs.map(run => run.display_title);
  };
  assert.deepEqual(await list({ event: 'workflow_dispatch' }), ['1/2.1', '1/1.1']);
  assert.deepEqual(await list({ status: 'queued' }), ['1/2.1']);
  assert.deepEqual(await list({ status: 'failure' }), ['1/1.1']);
  assert.deepEqual(await list({ event: 'push' }), []);
});
