import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { execa } from 'execa';
import { branchWith, pullFrom, REPO, scene, WORKFLOW } from './github.test-helper.ts';

function workspace(): string {
  const dir = mkdtempSync(join(tmpdir(), 'local-github-clone-'));
  after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Runs git in `cwd` as someone with a name and no settings of their own; never rejects. */
async function git(cwd: string, ...args: string[]) {
  const env = {
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_AUTHOR_NAME: 'Ann',
    GIT_AUTHOR_EMAIL: 'ann@example.org',
    GIT_COMMITTER_NAME: 'Ann',
    GIT_COMMITTER_EMAIL: 'ann@example.org',
  };
  return execa('git', args, { cwd, env, reject: false });
}

const withToken = (url: string, token: string) => url.replace('http://', `http://x-access-token:${token}@`);

async function commit(dir: string, files: Record<string, string>): Promise<string> {
  for (const [path, content] of Object.entries(files)) writeFileSync(join(dir, path), content);
  await git(dir, 'add', '--all');
  await git(dir, 'commit', '--quiet', '--message=Mine');
  return (await git(dir, 'rev-parse', 'HEAD')).stdout;
}

test('anyone clones a public repository; pushing takes a token, and moves the pull request', async () => {
  const { bot, github, main } = await scene();
  await branchWith(bot, 'a', main, { 'train.py': 'depth = 2\n' });
  const pull = await pullFrom(bot, 'a');
  const dir = workspace();
  const url = `${github.url}/ann/gpt.git`;
  assert.equal((await git(dir, 'clone', '--quiet', '--branch=a', url, '.')).exitCode, 0);
  const sha = await commit(dir, { 'train.py': 'depth = 3\n' });
  assert.notEqual((await git(dir, 'push', '--quiet', url, 'a')).exitCode, 0);
  const wrong = await git(dir, 'push', '--quiet', withToken(url, 'nonsense'), 'a');
  assert.notEqual(wrong.exitCode, 0);
  const reader = await git(dir, 'push', '--quiet', withToken(url, 'token-of-eve'), 'a');
  assert.notEqual(reader.exitCode, 0);
  const pushed = await git(dir, 'push', '--quiet', withToken(url, 'token-of-ann'), 'a');
  assert.equal(pushed.exitCode, 0, pushed.stderr);
  const now = (await bot.rest.pulls.get({ ...REPO, pull_number: pull.number })).data;
  assert.equal(now.head.sha, sha);
  await git(dir, 'push', '--quiet', withToken(url, 'token-of-ann'), '--delete', 'a');
  assert.equal((await bot.rest.pulls.get({ ...REPO, pull_number: pull.number })).data.state, 'closed');
});

test('any commit that was ever measured can be fetched by its id', async () => {
  const { bot, github, main } = await scene();
  const sha = await branchWith(bot, 'a', main, { 'train.py': 'depth = 2\n' });
  await bot.rest.git.deleteRef({ ...REPO, ref: 'heads/a' });
  const dir = workspace();
  await git(dir, 'init', '--quiet');
  const fetched = await git(dir, 'fetch', '--quiet', '--depth=1', `${github.url}/ann/gpt.git`, sha);
  assert.equal(fetched.exitCode, 0, fetched.stderr);
});

test('a private repository is cloned with the token of a job of its own', async () => {
  const { ann, github } = await scene();
  const files = new Map([['.github/workflows/experiment.yml', WORKFLOW]]);
  await github.createRepository({ owner: 'ann', name: 'secret', private: true, files });
  const workflow = { owner: 'ann', repo: 'secret', workflow_id: 'experiment.yml', ref: 'main' };
  await ann.rest.actions.createWorkflowDispatch({ ...workflow, inputs: { trial: '1/1.1' } });
  const job = await github.jobs.take({ name: 'box', labels: ['gpu'] }, new AbortController().signal);
  const url = `${github.url}/ann/secret.git`;
  assert.notEqual((await git(workspace(), 'clone', '--quiet', url, '.')).exitCode, 0);
  const dir = workspace();
  const cloned = await git(dir, 'clone', '--quiet', withToken(url, job.token), '.');
  assert.equal(cloned.exitCode, 0, cloned.stderr);
  await commit(dir, { 'a.txt': 'b' });
  assert.notEqual((await git(dir, 'push', '--quiet', 'origin', 'main')).exitCode, 0);
});

test('the App cannot push a workflow, nor anyone a ref of a pull request', async () => {
  const { bot, github, main } = await scene();
  const { token } = (await bot.auth()) as { token: string };
  const dir = workspace();
  const url = withToken(`${github.url}/ann/gpt.git`, token);
  await git(dir, 'clone', '--quiet', url, '.');
  await commit(dir, { 'train.py': 'depth = 3\n' });
  const fine = await git(dir, 'push', '--quiet', 'origin', 'HEAD:refs/heads/fine');
  assert.equal(fine.exitCode, 0, fine.stderr);
  await commit(dir, { '.github/workflows/experiment.yml': `${WORKFLOW}#\n` });
  const evil = await git(dir, 'push', '--quiet', 'origin', 'HEAD:refs/heads/evil');
  assert.notEqual(evil.exitCode, 0);
  assert.match(evil.stderr, /without `workflows` permission/);
  const hidden = await git(dir, 'push', '--quiet', 'origin', `${main}:refs/pull/9/head`);
  assert.notEqual(hidden.exitCode, 0);
});

test('a repository can begin as a copy of another', async () => {
  const { ann, github } = await scene();
  const from = workspace();
  await git(from, 'init', '--quiet', '--initial-branch=trunk');
  const sha = await commit(from, { 'a.txt': 'b' });
  await github.createRepository({ owner: 'ann', name: 'copy', from });
  const { data } = await ann.rest.repos.getBranch({ owner: 'ann', repo: 'copy', branch: 'main' });
  assert.equal(data.commit.sha, sha);
});
