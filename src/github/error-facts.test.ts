import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Octokit } from '@octokit/rest';
import { errorFacts } from './error-facts.ts';

test("what strangers wrote is not in the log of GitHub's refusals", async () => {
  const octokit = new Octokit({
    auth: 'a-token',
    log: { debug() {}, info() {}, warn() {}, error() {} },
    request: {
      fetch: async () => Response.json({ message: 'Validation Failed', at: 'strange' }, { status: 422 }),
    },
  });
  const error = await octokit.rest.issues
    .createComment({ owner: 'ann', repo: 'model', issue_number: 1, body: 'strange' })
    .catch(refusal => refusal);
  const facts = errorFacts(error);
  assert.equal(facts.status, 422);
  assert.equal(facts.request, 'POST /repos/ann/model/issues/1/comments');
  assert.match(facts.err.message, /^Validation Failed/);
  assert.doesNotMatch(JSON.stringify(facts), /strange|a-token/);
});

test('anything can be thrown', () => {
  for (const thrown of [null, undefined, 'text', { status: 'x' }]) assert.ok(errorFacts(thrown).err.message);
});
