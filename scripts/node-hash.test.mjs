import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { expectedHash, NODE_HASHES, nodeProblem } from './node-hash.mjs';

test('the hashes are those of the version that is locked', () => {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
  assert.ok(readFileSync(NODE_HASHES, 'utf8').includes(`version ${packages['node_modules/node'].version}:`));
  for (const platform of ['linux-x64', 'linux-arm64'])
    assert.match(expectedHash(platform) ?? '', /^[0-9a-f]{64}$/);
});

test('the installed Node is the expected one, and any other is refused', t => {
  const platform = `${process.platform}-${process.arch}`;
  assert.equal(nodeProblem('node_modules/node/bin/node', platform), null);
  const folder = mkdtempSync(path.join(tmpdir(), 'node-hash-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const other = path.join(folder, 'node');
  writeFileSync(other, '#!/bin/sh\n');
  assert.match(
    nodeProblem(other, 'linux-x64') ?? '',
    /expected the program with SHA-256 7fde.*found [0-9a-f]{64}\.$/,
  );
  assert.equal(nodeProblem(other, 'aix-ppc64'), null);
});
