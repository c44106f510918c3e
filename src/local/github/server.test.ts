import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { Agent, get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { REPO, scene } from './github.test-helper.ts';

test('a failure of the server is told to whoever runs it, and to the client without what failed or where', async () => {
  const errors: unknown[] = [];
  const { bot, dir, github } = await scene({ pages: true, onError: error => errors.push(error) });
  const workflow = { ...REPO, workflow_id: 'experiment.yml', ref: 'main', inputs: { trial: '1/1.1' } };
  await bot.rest.actions.createWorkflowDispatch(workflow);
  const job = await github.jobs.take({ name: 'box', labels: ['gpu'] }, new AbortController().signal);
  // The log cannot be read, nor git be asked.
  mkdirSync(join(dir, 'logs', `${job.jobId}.txt`), { recursive: true });
  rmSync(join(dir, 'git'), { recursive: true });
  const answers = [
    ['/api/v3/repos/ann/gpt/branches', /^\{"message":"Server Error",/],
    ['/ann/gpt.git/info/refs?service=git-upload-pack', /^\{"message":"Server Error",/],
    [`/ann/gpt/actions/runs/${job.runId}`, /<h1>This page cannot be shown<\/h1>/],
  ] as const;
  for (const [path, expected] of answers) {
    const answer = await fetch(github.url + path);
    const text = await answer.text();
    assert.equal(answer.status, 500, path);
    assert.match(text, expected);
    assert.ok(!text.includes(dir), text);
    assert.doesNotMatch(text, /\bat .*[jt]s:\d+/, path);
  }
  assert.equal(errors.length, answers.length);
});

test('the server never closes a connection that a client may be about to use again', async () => {
  const { github } = await scene();
  const connection = new Agent({ keepAlive: true });
  const answer = await new Promise<IncomingMessage>((resolve, reject) =>
    get(github.url, { agent: connection }, resolve).on('error', reject),
  );
  answer.resume();
  await once(answer, 'end');
  assert.equal(answer.headers.connection, 'keep-alive');
  // It would say here after how many seconds.
  assert.equal(answer.headers['keep-alive'], undefined);
  connection.destroy();
});
