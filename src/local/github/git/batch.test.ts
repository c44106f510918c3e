import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { objectReader } from './batch.ts';

test('a git that is killed before it reads what it is asked fails that one read, and the next git answers', async t => {
  const dir = mkdtempSync(join(tmpdir(), 'autoresearch-batch-'));
  const { PATH = '' } = process.env;
  const reader = objectReader(dir);
  t.after(() => {
    reader.close();
    process.env.PATH = PATH;
    rmSync(dir, { recursive: true });
  });
  execFileSync('git', ['init', '--quiet', '--bare', dir]);
  const blob = execFileSync('git', ['hash-object', '-w', '--stdin'], { cwd: dir, input: 'text' });
  const sha = blob.toString().trim();
  writeFileSync(join(dir, 'git'), '#!/bin/sh\nsleep 0.2\nkill -KILL $$\n');
  chmodSync(join(dir, 'git'), 0o755);
  process.env.PATH = [dir, PATH].join(delimiter);
  await assert.rejects(reader.read(sha), /git cat-file ended/);
  process.env.PATH = PATH;
  assert.equal((await reader.read(sha))?.content.toString(), 'text');
});
