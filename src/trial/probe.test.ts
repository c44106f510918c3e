import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryDirectory } from './fixture.test-helper.ts';
import { sandboxProblem } from './probe.ts';

test('the probe succeeds with bubblewrap, and otherwise says what to install', async context => {
  assert.equal(await sandboxProblem(process.env), null);
  assert.match(
    (await sandboxProblem({ ...process.env, PATH: temporaryDirectory(context) })) ?? '',
    /^bubblewrap was not found\. .*apt install bubblewrap/,
  );
});
