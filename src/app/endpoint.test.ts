import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { startEndpoint, WEBHOOK_PATH } from './endpoint.ts';

const SECRET = 'a secret';
/** What a stranger writes, and no log may repeat. */
const STRANGE = 'written-by-a-stranger';

/** The head of a webhook but for the length of its body. */
const HEAD = [
  `POST ${WEBHOOK_PATH} HTTP/1.1`,
  'host: x',
  'content-type: application/json',
  'x-github-event: push',
  `x-hub-signature-256: ${signed('')}`,
].join('\r\n');

async function scene(t: TestContext) {
  const received: { event: string; payload: object }[] = [];
  const lines: string[] = [];
  const endpoint = await startEndpoint({
    host: '127.0.0.1',
    port: 0,
    secret: SECRET,
    patience: { headersMs: 500, requestMs: 1000 },
    log: { warn: (fields, message) => lines.push(`${JSON.stringify(fields)} ${message}`) },
    receive: (event, payload) => received.push({ event, payload }),
  });
  t.after(() => endpoint.close());
  t.after(() =>
    assert.ok(
      lines.every(line => !line.includes(STRANGE) && line.length < 200),
      lines.join('\n'),
    ),
  );
  const post = (body: string, headers: Record<string, string | undefined> = {}, method = 'POST') => {
    const given = {
      'content-type': 'application/json',
      'x-github-event': 'push',
      'x-hub-signature-256': signed(body),
      ...headers,
    };
    const sent = Object.entries(given).filter((pair): pair is [string, string] => pair[1] !== undefined);
    return fetch(`http://127.0.0.1:${endpoint.port}${WEBHOOK_PATH}`, {
      method,
      headers: sent,
      ...(method === 'POST' && { body }),
    });
  };
  /** Sends the parts one after the other on a connection of its own; resolves with all that came back before it was closed. */
  const raw = async (...parts: string[]) => {
    const socket = connect(endpoint.port, '127.0.0.1');
    await once(socket, 'connect');
    const began = performance.now();
    for (const part of parts) socket.write(part);
    const answer = await text(socket);
    return {
      status: Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]),
      seconds: (performance.now() - began) / 1000,
    };
  };
  return { received, lines, post, raw };
}

function signed(body: string, secret = SECRET): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}

test('a signed webhook is taken', async t => {
  const { received, lines, post } = await scene(t);
  assert.equal((await post('{"zen":"ü"}')).status, 202);
  assert.deepEqual(received, [{ event: 'push', payload: { zen: 'ü' } }]);
  assert.deepEqual(lines, []);
});

test('what is not a signed webhook is refused in one line each', async t => {
  const { received, lines, post } = await scene(t);
  const body = JSON.stringify({ text: STRANGE });
  const refused: [number, ReturnType<typeof post>][] = [
    [401, post(body, { 'x-hub-signature-256': signed(body, 'another secret') })],
    [401, post(body, { 'x-hub-signature-256': signed(`${body} `) })],
    [401, post(body, { 'x-hub-signature-256': STRANGE })],
    [401, post(body, { 'x-hub-signature-256': undefined })],
    [400, post(body, { 'x-github-event': undefined })],
    [400, post(body, { 'x-github-event': `${STRANGE}-1` })],
    [415, post(body, { 'content-type': 'application/x-www-form-urlencoded' })],
    [405, post('', {}, 'DELETE')],
    ...['null', '"x"', '[]', '17', '', '{', `${STRANGE}`].map((json): [number, ReturnType<typeof post>] => [
      400,
      post(json),
    ]),
  ];
  for (const [status, response] of refused) assert.equal((await response).status, status);
  assert.equal(lines.length, refused.length, lines.join('\n'));
  assert.deepEqual(received, []);
});

test('an event that is named like a property of every object is an event like any other', async t => {
  const { received, post } = await scene(t);
  for (const event of ['__proto__', 'constructor'])
    assert.equal((await post('{}', { 'x-github-event': event })).status, 202);
  assert.deepEqual(
    received.map(({ event }) => event),
    ['__proto__', 'constructor'],
  );
});

test('a body that is too long is refused by its length, before any of it is sent', async t => {
  const { lines, raw } = await scene(t);
  assert.equal((await raw(`${HEAD}\r\ncontent-length: 26214401\r\n\r\n`)).status, 413);
  assert.equal(
    (await raw(`${HEAD}\r\nexpect: 100-continue\r\ncontent-length: 26214401\r\n\r\n`)).status,
    413,
  );
  const chunk = `${(1 << 20).toString(16)}\r\n${'x'.repeat(1 << 20)}\r\n`;
  assert.equal(
    (await raw(`${HEAD}\r\ntransfer-encoding: chunked\r\n\r\n`, ...Array(27).fill(chunk))).status,
    413,
  );
  assert.equal(lines.length, 3, lines.join('\n'));
});

test('what is not HTTP, and headers that are too long, end the connection', async t => {
  const { lines, raw } = await scene(t);
  assert.equal((await raw(`${STRANGE}\r\n\r\n`)).status, 400);
  assert.equal((await raw(`GET / HTTP/1.1\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`)).status, 431);
  assert.equal(lines.length, 2, lines.join('\n'));
});

test('senders that are slow with their headers or their body lose the connection', async t => {
  const { lines, raw, post } = await scene(t);
  const starts = ['POST', `${HEAD}\r\ncontent-length: 9\r\n\r\n{`];
  const slow = Array.from({ length: 200 }, (_, i) => raw(starts[i % 2] ?? ''));
  assert.equal((await post('{}')).status, 202, 'others are answered meanwhile');
  for (const { status, seconds } of await Promise.all(slow)) {
    assert.equal(status, 408);
    assert.ok(seconds < 10, `closed after ${seconds} s`);
  }
  assert.equal(lines.length, slow.length);
});
