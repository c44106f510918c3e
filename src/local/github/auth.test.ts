import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { REPO, refused, scene, webToken } from './github.test-helper.ts';

const PRIVATE = { owner: 'ann', repo: 'secret' };

test('the App shows itself with a signed token of its own, in time and under its own name', async () => {
  const { app, as } = await scene();
  const self = (await app.rest.apps.getAuthenticated()).data;
  assert.deepEqual([self?.id, self?.slug, self?.permissions.contents], [7, 'research', 'write']);
  const now = Math.floor(Date.now() / 1000);
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const stranger = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const cases: [string, RegExp][] = [
    [webToken({ exp: now - 1 }), /'exp'/],
    [webToken({ exp: now + 3600 }), /'exp'/],
    [webToken({ iat: now + 600 }), /'iat'/],
    [webToken({ iss: '8' }), /Integration not found/],
    [webToken({}, stranger), /could not be decoded/],
  ];
  for (const [auth, message] of cases) {
    await refused(as(auth).rest.apps.getAuthenticated(), 401, message);
  }
});

test('a token that is wrong is refused, even for what anyone may read', async () => {
  const { anonymous, github } = await scene();
  assert.equal((await anonymous.rest.repos.get(REPO)).data.full_name, 'ann/gpt');
  await refused(anonymous.rest.issues.create({ ...REPO, title: 'x' }), 401, /Requires authentication/);
  const answer = await fetch(`${github.url}/api/v3/repos/ann/gpt`, {
    headers: { authorization: 'Bearer nonsense' },
  });
  assert.equal(answer.status, 401);
});

test('a private repository is not there for those who may not see it', async () => {
  const { ann, anonymous, app, as, bot, eve, github } = await scene();
  await github.createRepository({
    owner: 'ann',
    name: 'secret',
    private: true,
    files: new Map([['a', 'b']]),
  });
  await refused(anonymous.rest.repos.get(PRIVATE), 404, /Not Found/);
  assert.equal((await eve.rest.repos.get(PRIVATE)).data.private, true);
  assert.equal((await ann.rest.repos.get(PRIVATE)).data.permissions?.admin, true);
  assert.equal((await bot.rest.repos.get(PRIVATE)).data.name, 'secret');
  const { data } = await app.rest.apps.getRepoInstallation(REPO);
  const o = { installation_id: data.id, repositories: ['gpt'] };
  const { token } = (await app.rest.apps.createInstallationAccessToken(o)).data;
  const seen = await bot.rest.apps.listReposAccessibleToInstallation();
  assert.equal(seen.data.total_count, 2);
  await refused(as(token).rest.repos.get(PRIVATE), 404, /Not Found/);
});

test('an installation token can be given less than the App has, and never more', async () => {
  const { app, as, github } = await scene();
  await github.createRepository({
    owner: 'ann',
    name: 'secret',
    private: true,
    files: new Map([['a', 'b']]),
  });
  const { data } = await app.rest.apps.getRepoInstallation(REPO);
  const ask = (permissions: object) =>
    app.rest.apps.createInstallationAccessToken({ installation_id: data.id, permissions });
  await refused(ask({ administration: 'write' }), 422, /not granted/);
  await refused(ask({ workflows: 'write' }), 422, /not granted/);
  const { token } = (await ask({ issues: 'read' })).data;
  const answer = as(token).rest.issues.create({ ...REPO, title: 'x' });
  await refused(answer, 403, /Resource not accessible by integration/);
  assert.deepEqual((await as(token).rest.issues.listForRepo(PRIVATE)).data, []);
  const file = as(token).rest.repos.getContent({ ...PRIVATE, path: 'a' });
  await refused(file, 403, /Resource not accessible by integration/);
});

test('the token of a job reads its repository, and that is all', async () => {
  const { as, bot, github } = await scene();
  const secret = new Map([['a', 'b']]);
  await github.createRepository({ owner: 'ann', name: 'secret', private: true, files: secret });
  const inputs = { trial: '1/1.1' };
  const workflow = { ...REPO, workflow_id: 'experiment.yml', ref: 'main' };
  await bot.rest.actions.createWorkflowDispatch({ ...workflow, inputs });
  const job = await github.jobs.take({ name: 'box', labels: ['gpu'] }, new AbortController().signal);
  const reader = as(job.token);
  assert.equal((await reader.rest.repos.get(REPO)).status, 200);
  await refused(reader.rest.repos.get(PRIVATE), 404, /Not Found/);
  await refused(reader.rest.issues.create({ ...REPO, title: 'x' }), 403, /not accessible by integration/);
  github.jobs.complete(job.jobId, 'success');
  await refused(reader.rest.repos.get(REPO), 401, /Bad credentials/);
});

test('people and the bot are found by name, with their permission', async () => {
  const { ann, bot } = await scene();
  assert.equal((await ann.rest.users.getAuthenticated()).data.login, 'ann');
  assert.equal((await bot.rest.users.getByUsername({ username: 'research[bot]' })).data.type, 'Bot');
  await refused(bot.rest.users.getByUsername({ username: 'nobody' }), 404, /Not Found/);
  const of = async (username: string) =>
    (await bot.rest.repos.getCollaboratorPermissionLevel({ ...REPO, username })).data.permission;
  assert.deepEqual([await of('ann'), await of('eve')], ['admin', 'read']);
});

test('the server says what it is', async () => {
  const { app, bot } = await scene();
  assert.ok((await bot.rest.rateLimit.get()).data.rate.remaining > 0);
  assert.equal((await bot.rest.meta.get()).status, 200);
  assert.equal((await app.rest.apps.listInstallations()).data.length, 1);
  const [installation] = (await app.rest.apps.listInstallations()).data;
  const id = installation?.id ?? 0;
  assert.equal((await app.rest.apps.getInstallation({ installation_id: id })).data.app_slug, 'research');
  assert.equal((await app.rest.apps.getUserInstallation({ username: 'ann' })).data.id, id);
});
