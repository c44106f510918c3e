import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { withDeadline } from './deadline.ts';

test('a request ends when its time is up, whether no answer comes or one that never ends', async t => {
  const server = createServer(({ url }, response) => {
    if (url === '/silent') return;
    response.write('[');
    if (url === '/whole') return response.end(']');
    const drip = setInterval(() => response.write(' '), 20);
    response.once('close', () => clearInterval(drip));
    return;
  }).listen(0, '127.0.0.1');
  t.after(() => server.closeAllConnections());
  t.after(() => server.close());
  await once(server, 'listening');
  const ask = async (path: string, signal?: AbortSignal) => {
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
    const response = await withDeadline(fetch, 1)(address, signal ? { signal } : {});
    return response.text();
  };
  assert.equal(await ask('/whole'), '[]');
  await assert.rejects(ask('/silent'), { name: 'TimeoutError' });
  await assert.rejects(ask('/dripping'), { name: 'TimeoutError' });
  const cancelled = AbortSignal.abort(new Error('cancelled'));
  await assert.rejects(ask('/whole', cancelled), /cancelled/, "the caller's own signal counts as well");
});
