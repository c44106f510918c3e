import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { type CreatedApp, startSetup } from './setup.ts';

/** A GitHub that hands out an App for the code `good`. */
async function scene(t: TestContext) {
  const asked: string[] = [];
  const github = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const good = request.url === '/app-manifests/good/conversions';
    const app = { id: 7, html_url: 'https://github.com/apps/x', pem: 'KEY', webhook_secret: null };
    response.writeHead(good ? 201 : 404).end(JSON.stringify(good ? app : { message: 'Not Found' }));
  });
  github.listen(0, '127.0.0.1');
  await once(github, 'listening');
  t.after(() => github.close());
  const saved: CreatedApp[] = [];
  const setup = await startSetup({
    host: '127.0.0.1',
    port: 0,
    githubUrl: 'https://github.com',
    apiUrl: `http://127.0.0.1:${(github.address() as AddressInfo).port}`,
    save: app => saved.push(app),
  });
  t.after(() => setup.close());
  const at = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    new Promise<{ status: number; location: string | undefined; page: string }>((resolve, reject) => {
      const request = get(new URL(path, setup.url), { headers, method, agent: false }, response => {
        const { statusCode = 0, headers: answered } = response;
        text(response).then(
          page => resolve({ status: statusCode, location: answered.location, page }),
          reject,
        );
      });
      request.on('error', reject);
    });
  const key = new URL(setup.url).searchParams.get('key') ?? '';
  const offer = (query = '') => at(`/create?key=${key}${query}`);
  const stateOf = (page: string) => /state=(\w+)/.exec(page)?.[1] ?? assert.fail(page);
  const manifestOf = (page: string) =>
    JSON.parse((/name="manifest" value="(.+?)"/.exec(page)?.[1] ?? '').replaceAll('&quot;', '"'));
  return { setup, asked, saved, at, offer, stateOf, manifestOf };
}

test("an App is created with GitHub's answer to a page that was shown, and then the page is closed", async t => {
  const { setup, asked, saved, at, offer, stateOf, manifestOf } = await scene(t);
  assert.match((await at(setup.url)).page, /Organization/);
  const { page } = await offer('&organization=acme');
  assert.match(page, /action="https:\/\/github\.com\/organizations\/acme\/settings\/apps\/new\?state=/);
  assert.equal(manifestOf(page).hook_attributes.active, false);
  const created = await at(`/created?code=good&state=${stateOf(page)}`);
  assert.deepEqual([created.status, created.location], [302, 'https://github.com/apps/x/installations/new']);
  const app = { id: 7, url: 'https://github.com/apps/x', privateKey: 'KEY', webhookSecret: null };
  assert.deepEqual(
    [saved, await setup.created, asked],
    [[app], app, ['POST /app-manifests/good/conversions']],
  );
  for (const path of [setup.url, `/created?code=good&state=${stateOf(page)}`])
    assert.equal((await at(path)).status, 404);
});

test('with a public address GitHub delivers webhooks there', async t => {
  const { offer, manifestOf } = await scene(t);
  assert.deepEqual(manifestOf((await offer('&address=https://bot.example.com/')).page).hook_attributes, {
    url: 'https://bot.example.com/api/github/webhooks',
    active: true,
  });
});

test('the page is for whoever reads the terminal, under a name of this machine', async t => {
  const { setup, asked, at, offer, stateOf } = await scene(t);
  const state = stateOf((await offer()).page);
  const refused = [
    at('/'),
    at('/create?key=guess'),
    at(`/?key=${'ü'.repeat(24)}`),
    at(setup.url, { host: 'evil.example' }),
    at(`/created?code=good&state=${state}`, { host: 'evil.example' }),
    at(`/created?code=good`),
    at(`/created?code=good&state=__proto__`),
    at(`/created?code=../../user&state=${state}`),
  ];
  for (const { status } of await Promise.all(refused)) assert.equal(status, 403);
  assert.equal((await at(setup.url, {}, 'POST')).status, 404);
  assert.deepEqual(asked, []);
});

test('a state is used once, and a code that GitHub refuses configures nothing', async t => {
  const { saved, at, offer, stateOf } = await scene(t);
  const state = stateOf((await offer()).page);
  assert.equal((await at(`/created?code=bad&state=${state}`)).status, 502);
  assert.equal((await at(`/created?code=good&state=${state}`)).status, 403);
  assert.deepEqual(saved, []);
});

test('a name or address that cannot be one is explained, not sent on', async t => {
  const { offer } = await scene(t);
  for (const query of ['&organization=a%22%3E', '&address=ftp://x', '&address=https://u@x', '&address=x/y']) {
    const { status, page } = await offer(query);
    assert.equal(status, 400);
    assert.match(page, /expected/);
    assert.doesNotMatch(page, /a">|settings\/apps/);
  }
});
