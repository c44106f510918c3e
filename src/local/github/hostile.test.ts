import assert from 'node:assert/strict';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { REPO, scene } from './github.test-helper.ts';
import { servedOperations } from './server.ts';

/** As they stand in a request's line: nothing of a client in between tidies them up. */
const HOSTILE_PARTS = [
  'a%0Ab',
  'a%00b',
  '..',
  '%2e%2e%2f%2e%2e%2fetc%2fpasswd',
  '..%5c..%5cx',
  '%',
  '%zz',
  '%ff%fe',
  '%c0%ae%c0%ae',
  '%F0%9F%92%A9',
  '%E2%80%AE',
  '-1',
  '0',
  '1e999',
  '99999999999999999999999',
  '1.5',
  'NaN',
  '--output=x',
  '-upload-pack',
  'HEAD%5E%7B%2Fx%7D',
  'main:train.py',
  'main@%7B1%7D',
  '__proto__',
  'constructor',
  'x'.repeat(5000),
];
const HOSTILE_QUERIES = [
  '?page=-1&per_page=1e9',
  '?page=99999999999999999999&per_page=0',
  '?page=%zz&per_page=%00',
  '?ref=%0A&sha=%00',
  '?ref=..%2F..&path=%ff',
  '?ref=--help',
  '?since=x&sort=__proto__&direction=%0A',
  '?state=__proto__&labels=%00,%0A',
  '?status=toString&event=x',
  '?__proto__=1&constructor=2',
];
const HOSTILE_BODIES = [
  '',
  'null',
  '"x"',
  '17',
  '[]',
  '[null]',
  'true',
  '{',
  '{"a":',
  '\u0000',
  '{"__proto__":{"x":1}}',
  `${'['.repeat(20_000)}`,
  '{"body":null,"title":null,"ref":null,"sha":null}',
  '{"body":{},"title":[],"ref":17,"sha":true,"inputs":"x","tree":{},"name":0,"head_sha":[]}',
  '{"body":"\\u0000\\ud800","title":"\\u0000\\ud800\\n"}',
  '{"title":"\\n","head":"\\u0000","base":"..","body":null}',
  '{"title":"x","head":"a b:c d","base":"refs/heads/main"}',
  '{"ref":"refs/heads/\\n","sha":"0000000000000000000000000000000000000000"}',
  '{"ref":"refs/heads/../../x","sha":"0000000000000000000000000000000000000000"}',
  '{"ref":"refs/heads/x","sha":"0000000000000000000000000000000000000000","force":true}',
  '{"ref":"main\\n","inputs":{"trial":"\\u0000","__proto__":"x","seed":1e999}}',
  '{"ref":"main","inputs":{"trial":"\\ud800"}}',
  '{"tree":[{"path":"a\\u0000b","mode":"100644","type":"blob","content":"\\ud800"}]}',
  '{"tree":[{"path":"a/../b","mode":"100644","type":"blob","content":""},{"path":"a","mode":"100644","type":"blob","content":""},{"path":"a/b","mode":"100644","type":"blob","content":""}]}',
  '{"tree":[{"path":"\\ud800","mode":"100644","type":"blob","content":""}]}',
  '{"message":"\\u0000","tree":"4b825dc642cb6eb9a060e54bf8d69288fbee4904","parents":[]}',
  '{"name":"x","head_sha":"x\\n","status":"completed","completed_at":"9999-99-99","started_at":"-1"}',
  '{"labels":["\\u0000","__proto__",""]}',
  '{"content":"__proto__"}',
  '{"state":"closed","merge_method":"squash","sha":"\\n"}',
  '{"merge_method":"squash","commit_title":"\\u0000","commit_message":"\\u0000"}',
  '{"required_status_checks":{"contexts":["\\u0000"]},"required_pull_request_reviews":null}',
];

interface Sent {
  method: string;
  path: string;
  token?: string | null;
  body?: string;
  headers?: Record<string, string>;
}

async function server() {
  const failures: unknown[] = [];
  const { github, bot, ann, dir } = await scene({
    onError: error => failures.push(error),
    pages: true,
    afterwards: () => undefined,
  });
  const { token } = (await bot.auth()) as { token: string };
  await ann.rest.issues.create({ ...REPO, title: 'One' });
  const send = ({ method, path, token: given = token, body, headers = {} }: Sent) =>
    new Promise<{ status: number; body: string }>((resolve, reject) => {
      const authorization = given === null ? {} : { authorization: `Bearer ${given}` };
      const to = new URL(github.url);
      const sent = request({
        host: to.hostname,
        port: to.port,
        method,
        path,
        headers: { ...authorization, ...headers },
      });
      sent.on('error', reject).on('response', response => {
        text(response).then(answer => resolve({ status: response.statusCode ?? 0, body: answer }), reject);
      });
      sent.end(body);
    });
  /** Sends it, and expects a refusal as GitHub gives it, or an answer. */
  const expectCalm = async (sent: Sent) => {
    const { status, body } = await send(sent);
    const what = `${sent.method} ${sent.path.slice(0, 200)} ${sent.body ?? ''}`;
    assert.ok(
      status < 500,
      `${what}: ${status} ${body}\n${failures.map(error => (error as Error).stack).join('\n')}`,
    );
    assert.ok(!body.includes(dir) && !/^ +at /m.test(body), `${what}: ${body}`);
    return status;
  };
  return { send, expectCalm, failures, github };
}

/** The path of an operation with its placeholders filled in, by default with what there is. */
function filled(path: string, hostile: string | null, at: number): string {
  let index = 0;
  return path.replace(/\{\}/g, (_, offset: number) => {
    if (index++ === at && hostile !== null) return hostile;
    const before = path.slice(0, offset);
    if (before.endsWith('/repos/')) return REPO.owner;
    if (before.endsWith('/repos/{}/')) return REPO.repo;
    if (before.endsWith('/workflows/')) return 'experiment.yml';
    if (/\/(issues|pulls)\/$/.test(before)) return '1';
    return before.endsWith('/branches/') || before.endsWith('/commits/') ? 'main' : '1';
  });
}

const operations = servedOperations().map(operation => {
  const [method = '', path = ''] = operation.split(' ');
  return { method, path: `/api/v3${path}`, holes: path.split('{}').length - 1 };
});

test('hostile paths are refused on every route, with a token and without', async () => {
  const { expectCalm, failures } = await server();
  for (const { method, path, holes } of operations)
    for (let at = 0; at < holes; at++)
      for (const hostile of HOSTILE_PARTS) {
        const sent = { method, path: filled(path, hostile, at), ...(method !== 'GET' && { body: '{}' }) };
        await expectCalm(sent);
      }
  for (const { method, path } of operations)
    await expectCalm({ method, path: filled(path, '..%0A', 1), token: null });
  assert.deepEqual(failures, []);
});

test('hostile queries and bodies are refused on every route', async () => {
  const { expectCalm, failures } = await server();
  for (const { method, path } of operations)
    if (method === 'GET')
      for (const query of HOSTILE_QUERIES) await expectCalm({ method, path: filled(path, null, 0) + query });
    else
      for (const body of HOSTILE_BODIES)
        for (const token of ['token-of-ann', undefined])
          await expectCalm({
            method,
            path: filled(path, null, 0),
            body,
            ...(token !== undefined && { token }),
          });
  assert.deepEqual(failures, []);
});

const PAGES = [
  '/{}/{}',
  '/{}/{}/issues/{}',
  '/{}/{}/issues?page={}',
  '/{}/{}/pull/{}',
  '/{}/{}/pull/{}/files',
  '/{}/{}/runs/{}',
  '/{}/{}/actions/runs/{}',
  '/{}/{}/actions/runs/{}/job/{}/log.txt',
  '/{}/{}/raw/{}/{}',
  '/{}/{}/new/{}?filename={}&value={}',
  '/{}/{}.git/info/refs?service={}',
  '/{}/{}.git/git-upload-pack',
  '/{}/{}.git/git-receive-pack',
  '/_files/artifacts/{}?signature={}',
  '/{}',
];

test('hostile paths are refused by pages, downloads and git', async () => {
  const { expectCalm, failures } = await server();
  for (const page of PAGES)
    for (let at = 0; at < page.split('{}').length - 1; at++)
      for (const hostile of HOSTILE_PARTS) {
        let index = 0;
        const path = page.replace(/\{\}/g, () => {
          const known = [REPO.owner, REPO.repo, '1', '1'][index] ?? '';
          return index++ === at ? hostile : known;
        });
        for (const method of ['GET', 'POST']) await expectCalm({ method, path, token: 'token-of-ann' });
      }
  assert.deepEqual(failures, []);
});

test('other sites cannot make a browser act here, or read', async () => {
  const { github, send } = await server();
  const { host, port } = new URL(github.url);
  const path = `/api/v3/repos/${REPO.owner}/${REPO.repo}/issues`;
  const body = '{"title":"Two"}';
  for (const name of [
    'a b',
    '%',
    '[',
    'x:99999',
    'evil.example',
    `127.0.0.1.evil.example:${port}`,
    `localhost@evil`,
  ])
    for (const at of [
      path,
      `/${REPO.owner}/${REPO.repo}/issues`,
      `/${REPO.owner}/${REPO.repo}.git/info/refs`,
    ]) {
      const { status } = await send({ method: 'GET', path: at, headers: { host: name } });
      assert.ok([400, 404].includes(status), `${name}: ${status}`);
    }
  const strange: Record<string, string>[] = [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: `http://127.0.0.1:1${port}` },
    { 'sec-fetch-site': 'cross-site' },
  ];
  for (const headers of strange)
    assert.equal((await send({ method: 'POST', path, body, headers: { host, ...headers } })).status, 403);
  for (const headers of [{}, { origin: github.url }, { origin: github.url, 'sec-fetch-site': 'same-origin' }])
    assert.equal((await send({ method: 'POST', path, body, headers: { host, ...headers } })).status, 201);
});

test('hostile headers are refused', async () => {
  const { expectCalm, failures } = await server();
  const path = `/api/v3/repos/${REPO.owner}/${REPO.repo}`;
  const wrong = [
    'Bearer',
    'Basic',
    'Basic %%%',
    'Bearer a.b.c',
    `Bearer ${'x.'.repeat(2)}y`,
    'token __proto__',
    '\u00ff',
  ];
  for (const authorization of wrong)
    assert.equal(
      await expectCalm({ method: 'GET', path, token: null, headers: { authorization } }),
      401,
      authorization,
    );
  const git = `/${REPO.owner}/${REPO.repo}.git/git-upload-pack`;
  const headers = { 'content-type': 'application/x-git-upload-pack-request' };
  for (const body of ['', 'x', '0000', 'ffff', `0032want ${'0'.repeat(40)}\n00000009done\n`])
    await expectCalm({ method: 'POST', path: git, headers, body, token: null });
  assert.deepEqual(failures, []);
});
