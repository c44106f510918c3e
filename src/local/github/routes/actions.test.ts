import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Octokit } from '@octokit/rest';
import { strFromU8, unzipSync } from 'fflate';
import { branchWith, REPO, refused, scene, WORKFLOW } from '../github.test-helper.ts';

const RUNNER = { name: 'box', labels: ['gpu'] };
const never = new AbortController().signal;
const at = { ...REPO, workflow_id: 'experiment.yml' };

async function dispatch(client: Octokit, trial: string, ref = 'main'): Promise<number> {
  const inputs = { trial };
  const answer = await client.rest.actions.createWorkflowDispatch({
    ...at,
    ref,
    inputs,
    return_run_details: true,
  });
  return startedRun(answer);
}

/** The client's types know only the answer without run details. */
const startedRun = ({ data }: { data: unknown }) => (data as { workflow_run_id: number }).workflow_run_id;

const runOf = async (client: Octokit, id: number) =>
  (await client.rest.actions.getWorkflowRun({ ...REPO, run_id: id })).data;

test('a dispatched run is taken by a runner, and leaves a log and an artifact', async () => {
  const { bot, github, main } = await scene();
  const id = await dispatch(bot, '1/1.1');
  const run = await runOf(bot, id);
  assert.deepEqual([run.status, run.display_title, run.head_sha], ['queued', '1/1.1', main]);
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
  assert.equal((await runOf(bot, id)).status, 'in_progress');
  github.jobs.log(job.jobId, 'step 1\n');
  github.jobs.log(job.jobId, 'step 2\n');
  const step = { number: 1, name: 'train', status: 'completed', conclusion: 'success' } as const;
  github.jobs.steps(job.jobId, [step]);
  github.jobs.upload(id, 'measurement', new Map([['measurement.json', Buffer.from('{"value":1}')]]));
  github.jobs.complete(job.jobId, 'success');

  const done = await runOf(bot, id);
  assert.deepEqual([done.status, done.conclusion], ['completed', 'success']);
  const jobs = (await bot.rest.actions.listJobsForWorkflowRun({ ...REPO, run_id: id })).data.jobs;
  assert.deepEqual(
    jobs.map(one => [one.name, one.conclusion, one.runner_name, one.steps?.[0]?.name]),
    [['trial', 'success', 'box', 'train']],
  );
  const log = await bot.rest.actions.downloadJobLogsForWorkflowRun({ ...REPO, job_id: job.jobId });
  assert.equal(log.data, 'step 1\nstep 2\n');
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
  const id = await dispatch(bot, '1/1.1');
  github.jobs.upload(id, 'measurement', new Map([['a', Buffer.from('b')]]));
  const { data } = await bot.rest.actions.listArtifactsForRepo(REPO);
  const url = data.artifacts[0]?.archive_download_url ?? '';
  const { token } = (await bot.auth()) as { token: string };
  const headers = { authorization: `token ${token}` };
  const link = (await fetch(url, { headers, redirect: 'manual' })).headers.get('location') ?? '';
  assert.equal((await fetch(link)).status, 200);
  assert.equal((await fetch(link.replace(/.$/, end => (end === '0' ? '1' : '0')))).status, 404);
});

test('the list of runs lags behind a dispatch', async () => {
  let now = new Date('2026-03-01T00:00:00Z');
  const { bot } = await scene({ clock: () => now, quirks: { runListLagSeconds: 20 } });
  const id = await dispatch(bot, '1/1.1');
  const listed = async () => {
    const { data } = await bot.rest.actions.listWorkflowRuns(at);
    return data.workflow_runs.map(run => run.id);
  };
  assert.deepEqual(await listed(), []);
  assert.equal((await runOf(bot, id)).id, id);
  now = new Date(now.getTime() + 20_000);
  assert.deepEqual(await listed(), [id]);
});

test('a server without run details answers 204 to a dispatch', async () => {
  const { bot } = await scene({ quirks: { returnRunDetails: false } });
  const inputs = { trial: '1/1.1' };
  const o = { ...at, ref: 'main', inputs, return_run_details: true };
  const answer = await bot.rest.actions.createWorkflowDispatch(o);
  assert.deepEqual([Number(answer.status), answer.data], [204, '']);
  const runs = (await bot.rest.actions.listWorkflowRuns(at)).data.workflow_runs;
  assert.deepEqual(
    runs.map(run => run.display_title),
    ['1/1.1'],
  );
});

test('a run keeps the commit that was the tip when it was dispatched', async () => {
  const { bot, github, main } = await scene();
  const id = await dispatch(bot, '1/1.1');
  const newer = await branchWith(bot, 'newer', main, { 'train.py': 'depth = 2\n' });
  await bot.rest.git.updateRef({ ...REPO, ref: 'heads/main', sha: newer });
  assert.equal((await runOf(bot, id)).head_sha, main);
  assert.equal((await github.jobs.take(RUNNER, never)).headSha, main);
});

test('a dispatch with wrong inputs, at no ref, or of no workflow is refused', async () => {
  const { ann, bot, main } = await scene();
  const go = (inputs: Record<string, string>, ref = 'main', workflow = 'experiment.yml') =>
    bot.rest.actions.createWorkflowDispatch({ ...REPO, workflow_id: workflow, ref, inputs });
  await refused(go({}), 422, /Required input 'trial' not provided/);
  await refused(go({ trial: '1/1.1', colour: 'red' }), 422, /Unexpected inputs provided: \["colour"\]/);
  await refused(go({ trial: '1/1.1' }, 'nowhere'), 422, /No ref found for: nowhere/);
  await refused(go({ trial: '1/1.1' }, 'main', 'none.yml'), 404, /Not Found/);
  const push = { '.github/workflows/experiment.yml': 'on: push\njobs: {a: {runs-on: self-hosted}}\n' };
  await branchWith(ann, 'push-only', main, push);
  await refused(go({ trial: '1/1.1' }, 'push-only'), 422, /does not have 'workflow_dispatch' trigger/);
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
  const [running, queued] = [await dispatch(bot, '1/1.1'), await dispatch(bot, '1/2.1')];
  const job = await github.jobs.take(RUNNER, never);
  for (const id of [running, queued]) {
    assert.equal((await bot.rest.actions.cancelWorkflowRun({ ...REPO, run_id: id })).status, 202);
  }
  assert.equal((await runOf(bot, queued)).conclusion, 'cancelled');
  assert.equal((await runOf(bot, running)).status, 'in_progress');
  assert.equal(github.jobs.cancelled(job.jobId).aborted, true);
  github.jobs.complete(job.jobId, 'cancelled');
  assert.equal((await runOf(bot, running)).conclusion, 'cancelled');
  const again = bot.rest.actions.cancelWorkflowRun({ ...REPO, run_id: running });
  await refused(again, 409, /completed/);
});

test('a re-run is another attempt of the same run, with a job and artifacts of its own', async () => {
  const { ann, bot, github } = await scene();
  const id = await dispatch(bot, '1/1.1');
  const first = await github.jobs.take(RUNNER, never);
  await refused(ann.rest.actions.reRunWorkflow({ ...REPO, run_id: id }), 403, /already running/);
  github.jobs.upload(id, 'measurement', new Map());
  github.jobs.complete(first.jobId, 'failure');
  assert.equal((await ann.rest.actions.reRunWorkflow({ ...REPO, run_id: id })).status, 201);
  const again = await runOf(bot, id);
  assert.deepEqual([again.run_attempt, again.status, again.conclusion], [2, 'queued', null]);
  assert.deepEqual([again.actor?.login, again.triggering_actor?.login], ['research[bot]', 'ann']);
  const second = await github.jobs.take(RUNNER, never);
  assert.deepEqual([second.runId, second.attempt], [id, 2]);
  assert.notEqual(second.jobId, first.jobId);
  github.jobs.upload(id, 'measurement', new Map());
  assert.throws(() => github.jobs.upload(id, 'measurement', new Map()), /already has an artifact/);
  const jobs = (filter: 'all' | 'latest') =>
    bot.rest.actions.listJobsForWorkflowRun({ ...REPO, run_id: id, filter });
  assert.equal((await jobs('latest')).data.total_count, 1);
  assert.equal((await jobs('all')).data.total_count, 2);
});

test('a job that needs another waits for it, and is skipped where the other fails', async () => {
  const { ann, bot, github, main } = await scene();
  const text = `on: workflow_dispatch
jobs:
  build: {runs-on: self-hosted}
  test: {runs-on: self-hosted, needs: build}
`;
  const tip = await branchWith(ann, 'two', main, { '.github/workflows/two.yml': text });
  await ann.rest.git.updateRef({ ...REPO, ref: 'heads/main', sha: tip });
  const start = async () => {
    const o = { ...REPO, workflow_id: 'two.yml', ref: 'main', return_run_details: true };
    return startedRun(await bot.rest.actions.createWorkflowDispatch(o));
  };
  const good = await start();
  github.jobs.complete((await github.jobs.take(RUNNER, never)).jobId, 'success');
  const job = await github.jobs.take(RUNNER, never);
  assert.deepEqual([job.runId, job.name], [good, 'test']);
  github.jobs.complete(job.jobId, 'success');
  assert.equal((await runOf(bot, good)).conclusion, 'success');
  const bad = await start();
  github.jobs.complete((await github.jobs.take(RUNNER, never)).jobId, 'failure');
  assert.equal((await runOf(bot, bad)).conclusion, 'failure');
  const jobs = (await bot.rest.actions.listJobsForWorkflowRun({ ...REPO, run_id: bad })).data.jobs;
  assert.deepEqual(
    jobs.map(one => one.conclusion),
    ['failure', 'skipped'],
  );
});

test('runs are found by event, status, actor and time', async () => {
  let now = new Date('2026-03-01T00:00:00Z');
  const { ann, bot, github } = await scene({ clock: () => now });
  const first = await dispatch(bot, '1/1.1');
  github.jobs.complete((await github.jobs.take(RUNNER, never)).jobId, 'failure');
  now = new Date(now.getTime() + 60_000);
  const second = await dispatch(ann, '1/2.1');
  const list = async (query: object) => {
    const { data } = await bot.rest.actions.listWorkflowRuns({ ...at, ...query });
    return data.workflow_runs.map(run => run.id);
  };
  assert.deepEqual(await list({}), [second, first]);
  assert.deepEqual(await list({ status: 'queued' }), [second]);
  assert.deepEqual(await list({ status: 'failure' }), [first]);
  assert.deepEqual(await list({ actor: 'research[bot]' }), [first]);
  assert.deepEqual(await list({ event: 'push' }), []);
  assert.deepEqual(await list({ created: '>=2026-03-01T00:01:00Z' }), [second]);
  assert.deepEqual(await list({ created: '*..2026-03-01T00:00:30Z' }), [first]);
  assert.deepEqual(await list({ created: '2026-03-01' }), [second, first]);
  const workflows = (await bot.rest.actions.listRepoWorkflows(REPO)).data.workflows;
  assert.deepEqual(
    workflows.map(one => [one.name, one.path]),
    [['experiment', '.github/workflows/experiment.yml']],
  );
});
