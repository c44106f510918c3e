import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withEtagCache } from './etag-cache.ts';

/** A GitHub with one page, which records the requests. */
function pageServer() {
  const page = { text: '["one"]', etag: 'W/"1"', next: '' };
  const etags: (string | null)[] = [];
  const ask = withEtagCache(async (_url, init) => {
    const known = new Headers(init?.headers).get('if-none-match');
    etags.push(known);
    const headers = {
      etag: page.etag,
      'content-type': 'application/json',
      ...(page.next && { link: page.next }),
    };
    return known === page.etag
      ? new Response(null, { status: 304, headers })
      : new Response(page.text, { headers });
  });
  return { page, etags, ask };
}

test('an unchanged response comes from the cache, a changed one from GitHub', async () => {
  const { page, etags, ask } = pageServer();
  const read = async () => (await ask('https://api.test/issues', { method: 'GET' })).json();
  assert.deepEqual(await read(), ['one']);
  assert.deepEqual(await read(), ['one']);
  Object.assign(page, { text: '["one","two"]', etag: 'W/"2"' });
  assert.deepEqual(await read(), ['one', 'two']);
  assert.deepEqual(etags, [null, 'W/"1"', 'W/"1"']);
});

test('an unchanged page may have a next page by now', async () => {
  const { page, ask } = pageServer();
  await ask('https://api.test/issues');
  page.next = '<https://api.test/issues?page=2>; rel="next"';
  const again = await ask('https://api.test/issues');
  assert.deepEqual(
    [again.status, again.url, again.headers.get('link')],
    [200, 'https://api.test/issues', page.next],
  );
});

test('raw and JSON responses are cached separately, and writes never', async () => {
  const { etags, ask } = pageServer();
  await ask('https://api.test/file', { headers: { accept: 'application/json' } });
  await ask('https://api.test/file', { headers: { accept: 'application/vnd.github.raw' } });
  await ask('https://api.test/file', { method: 'POST', headers: { accept: 'application/json' } });
  assert.deepEqual(etags, [null, null, null]);
});
