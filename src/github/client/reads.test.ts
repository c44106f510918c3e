import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { strToU8, zipSync } from 'fflate';
import { ProbotOctokit } from 'probot';
import { octokitPort } from './octokit.ts';

type Answers = Record<string, { status?: number; body: unknown }>;

/** The port of alice/model on a GitHub with these answers by path, and 404 for everything else. */
function portWith(answers: Answers, asked: string[] = []) {
  const octokit = new ProbotOctokit({
    retry: { enabled: false },
    throttle: { enabled: false },
    request: {
      fetch: async (url: string) => {
        const path = decodeURIComponent(new URL(url).pathname).replace('/repos/alice/model', '');
        asked.push(path);
        const { status = 200, body } = answers[path] ?? { status: 404, body: { message: 'Not Found' } };
        if (body instanceof Uint8Array)
          return new Response(new Uint8Array(body), { headers: { 'content-type': 'application/zip' } });
        return Response.json(body, { status });
      },
    },
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });
  return octokitPort(octokit, { owner: 'alice', name: 'model' }, 'bot[bot]');
}

const SHA = 'c'.repeat(40);
const COMMIT = {
  sha: SHA,
  tree: { sha: 'd'.repeat(40) },
  parents: [{ sha: 'e'.repeat(40) }],
  message: 'Deeper',
};

test('a branch and a commit take one request each, without the diff of the commit', async () => {
  const asked: string[] = [];
  const port = portWith(
    {
      '/branches/runs/main': { body: { name: 'runs/main', commit: { ...COMMIT, commit: COMMIT } } },
      [`/git/commits/${SHA}`]: { body: COMMIT },
    },
    asked,
  );
  const commit = { sha: SHA, tree: 'd'.repeat(40), parents: ['e'.repeat(40)], message: 'Deeper' };
  assert.deepEqual(await port.commit('runs/main'), commit);
  assert.deepEqual(await port.commit(SHA), commit);
  assert.equal(await port.commit('gone'), null);
  assert.equal(await port.commit('f'.repeat(40)), null);
  assert.deepEqual(asked.slice(0, 2), ['/branches/runs/main', `/git/commits/${SHA}`]);
});

test('an empty repository has no branch', async () => {
  const port = portWith({
    '/branches/main': { status: 404, body: { message: 'Branch not found' } },
  });
  assert.equal(await port.commit('main'), null);
});

test('a deleted issue is null, and so is a comment on it', async () => {
  const deleted = { status: 410, body: { message: 'This issue was deleted' } };
  const port = portWith({ '/issues/3': deleted, '/issues/comments/5': deleted });
  assert.equal(await port.issue(3), null);
  assert.equal(await port.comment(5), null);
});

test('a missing workflow has no runs', async () => {
  assert.deepEqual(await portWith({}).runs('experiments.yml'), []);
});

test('hidden rules count as none; rules that the App cannot satisfy are listed', async () => {
  const hidden = { status: 403, body: { message: 'Upgrade to GitHub Pro or make this repository public.' } };
  const free = portWith({ '/rules/branches/main': hidden, '/branches/main': hidden });
  assert.deepEqual(await free.baseObstacles('main'), []);
  const strict = portWith({
    '/rules/branches/main': { body: [{ type: 'merge_queue' }, { type: 'deletion' }, { type: 'update' }] },
  });
  assert.deepEqual(await strict.baseObstacles('main'), ['a merge queue', 'a rule that restricts updates']);
});

test('squashing is allowed unless the repository forbids it', async () => {
  const about = (more: object) =>
    portWith({ '': { body: { private: true, default_branch: 'main', ...more } } }).about();
  assert.equal((await about({ allow_squash_merge: false })).squashes, false);
  assert.equal((await about({})).squashes, true);
});

describe('a run’s artifact', () => {
  const FILE = 'measurement.json';
  const read = (artifacts: object[], archives: Record<number, Uint8Array>) =>
    portWith({
      '/actions/runs/7/artifacts': { body: { total_count: artifacts.length, artifacts } },
      ...Object.fromEntries(
        Object.entries(archives).map(([id, body]) => [`/actions/artifacts/${id}/zip`, { body }]),
      ),
    }).artifact(7, 'measurement', FILE);
  const listed = (id: number) => ({ id, name: 'measurement', expired: false });
  const zipped = (text: string) => zipSync({ [FILE]: strToU8(text) });

  test('that is not an archive, or is truncated, is null', async () => {
    assert.equal(await read([listed(1)], { 1: zipped('{}') }), '{}');
    assert.equal(await read([listed(1)], { 1: zipped('{}').slice(0, 40) }), null);
    assert.equal(await read([listed(1)], { 1: strToU8('<html>') }), null);
  });

  test('is the oldest of its name, regardless of re-runs', async () => {
    const archives = { 1: zipped('first'), 2: zipped('second') };
    assert.equal(await read([listed(2), listed(1)], archives), 'first');
    assert.equal(await read([listed(2), { ...listed(1), expired: true }], archives), null);
    assert.equal(await read([listed(2), { ...listed(1), name: 'logs' }], archives), 'second');
  });
});
