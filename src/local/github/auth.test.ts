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
  const { ann, anonymous, bot, eve, github } = await scene();
  const secret = { name: 'secret', private: true, files: new Map([['a', 'b']]) };
  for (const owner of ['ann', 'bob']) await github.createRepository({ owner, ...secret });
  await refused(anonymous.rest.repos.get(PRIVATE), 404, /Not Found/);
  assert.equal((await eve.rest.repos.get(PRIVATE)).data.private, true);
  assert.equal((await ann.rest.repos.get(PRIVATE)).data.permissions?.admin, true);
  assert.equal((await bot.rest.repos.get(PRIVATE)).data.name, 'secret');
  const seen = await bot.rest.apps.listReposAccessibleToInstallation();
  assert.equal(seen.data.total_count, 2);
  await refused(bot.rest.repos.get({ ...PRIVATE, owner: 'bob' }), 404, /Not Found/);
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

test('the permission of people is told to the App', async () => {
  const { ann, bot } = await scene();
  assert.equal((await ann.rest.users.getAuthenticated()).data.login, 'ann');
  const of = async (username: string) =>
    (await bot.rest.repos.getCollaboratorPermissionLevel({ ...REPO, username })).data.permission;
  assert.deepEqual([await of('ann'), await of('eve')], ['admin', 'read']);
  await refused(of('nobody'), 404, /Not Found/);
});

test('the server says what it is', async () => {
  const { app, bot } = await scene();
  assert.ok((await bot.rest.rateLimit.get()).data.rate.remaining > 0);
  assert.equal((await bot.rest.meta.get()).status, 200);
  const installations = (await app.rest.apps.listInstallations()).data;
  assert.deepEqual(
    installations.map(one => one.app_slug),
    ['research'],
  );
});
