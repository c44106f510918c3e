import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from './fixture.test-helper.ts';
import { sandboxProblem } from './probe.ts';

test('a bubblewrap that is too old is named with its version', async context => {
  const folder = temporaryDirectory(context);
  const file = join(folder, 'bwrap');
  writeFileSync(file, '#!/bin/sh\necho bubblewrap 0.4.1\n');
  chmodSync(file, 0o755);
  assert.match(
    (await sandboxProblem({ ...process.env, PATH: `${folder}:${process.env.PATH}` })) ?? '',
    /^The sandbox needs bubblewrap 0\.5 or newer, found bubblewrap 0\.4\.1 \(.*\/bwrap\)\. Upgrade it/,
  );
});

test('the probe succeeds with bubblewrap, and otherwise says what to install', async context => {
  assert.equal(await sandboxProblem(process.env), null);
  assert.match(
    (await sandboxProblem({ ...process.env, PATH: temporaryDirectory(context) })) ?? '',
    /^bubblewrap was not found\. .*apt install bubblewrap/,
  );
});
