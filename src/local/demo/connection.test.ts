import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from './connection.ts';

/** A client whose first request finds its connection closed, and what it asked for. */
function interrupted() {
  const asked: string[] = [];
  const octokit = connect({ url: 'http://localhost', token: 't' }, async (_, request) => {
    asked.push(request?.method ?? '');
    if (asked.length === 1) throw new TypeError('fetch failed', { cause: new Error('read ECONNRESET') });
    return Response.json({ number: 7 });
  });
  return { octokit, asked };
}
const issue = { owner: 'you', repo: 'gpt', issue_number: 7 };

test('what is read over a connection that breaks is read again', async () => {
  const { octokit, asked } = interrupted();
  assert.equal((await octokit.rest.issues.get(issue)).data.number, 7);
  assert.deepEqual(asked, ['GET', 'GET']);
});

test('a comment is not written twice', async () => {
  const { octokit, asked } = interrupted();
  await assert.rejects(octokit.rest.issues.createComment({ ...issue, body: '/research 4' }), /ECONNRESET/);
  assert.deepEqual(asked, ['POST']);
});
