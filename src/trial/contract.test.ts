import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { contractSchema } from '../protocol/contract.ts';
import { parseContract } from '../protocol/contract-file.ts';
import { readContract } from './contract.ts';
import { commitFiles, makeRepository, temporaryDirectory } from './fixture.test-helper.ts';

test("this repository's contract lists every default", () => {
  const text = readFileSync(new URL('../../.github/research.yml', import.meta.url), 'utf8');
  assert.deepEqual(parseContract(text), { kind: 'contract', contract: contractSchema.parse({}) });
});

test('a contract is read from the commit, not from the working tree', async context => {
  const base = makeRepository(join(temporaryDirectory(context), 'base'), {
    '.github/research.yml': 'metric: {name: loss, goal: minimize}\n',
  });
  const changed = commitFiles(base.dir, { '.github/research.yml': 'metrics: loss\n' });
  assert.equal((await readContract(base.dir, base.sha)).metric.name, 'loss');
  await assert.rejects(readContract(base.dir, changed), /research\.yml:1: metrics: expected/);
});

test('an empty contract has the defaults', async context => {
  const base = makeRepository(join(temporaryDirectory(context), 'base'), {
    '.github/research.yml': '# nothing\n',
  });
  assert.deepEqual(await readContract(base.dir, base.sha), contractSchema.parse({}));
});
