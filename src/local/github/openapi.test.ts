import assert from 'node:assert/strict';
import { test } from 'node:test';
import { REPO, scene } from './github.test-helper.ts';
import { describedOperations, validateExchange } from './openapi.test-helper.ts';
import { servedOperations } from './server.ts';

test('every route that is served is in GitHub’s description, and the other way round', () => {
  // An empty path after /contents/ is GitHub's way to the root folder.
  const served = servedOperations().filter(one => !one.endsWith('/contents'));
  assert.deepEqual([...new Set(served)].sort(), describedOperations().sort());
});

test('an answer that is not as described is noticed', async () => {
  const { ann } = await scene();
  const { data } = await ann.rest.issues.create({ ...REPO, title: 'One' });
  const check = (answer: object) =>
    validateExchange('GET', '/repos/ann/gpt/issues/1', undefined, 200, answer);
  assert.deepEqual(check(data), []);
  const { user, ...withoutUser } = data;
  assert.match(check(withoutUser)[0] ?? '', /required property 'user'/);
  assert.match(check({ ...data, user: { login: user?.login } })[0] ?? '', /user/);
  assert.match(check({ ...data, created_at: 'yesterday' })[0] ?? '', /date-time/);
  assert.match(
    validateExchange('GET', '/repos/ann/gpt/stars', undefined, 200, {})[0] ?? '',
    /not in the description/,
  );
});
