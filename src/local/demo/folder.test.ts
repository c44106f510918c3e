import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { claimFolder } from './folder.ts';

function place(t: TestContext, name = 'demo'): string {
  const parent = mkdtempSync(path.join(tmpdir(), 'demo-folder-'));
  t.after(() => rmSync(parent, { recursive: true, force: true }));
  return path.join(parent, name);
}

/** Another process that claims the folder, leaves a file there, and waits to be killed. */
async function otherDemo(dir: string) {
  const child = fork(new URL('folder.test-runner.ts', import.meta.url), [dir]);
  await once(child, 'message');
  return async () => {
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  };
}

async function claim(dir: string): Promise<() => void> {
  const claimed = await claimFolder(dir);
  if (claimed.kind === 'refused') assert.fail(claimed.problem);
  return claimed.release;
}

async function refusal(dir: string): Promise<string> {
  const claimed = await claimFolder(dir);
  return claimed.kind === 'refused' ? claimed.problem : assert.fail('Expected a refusal.');
}

test('a folder where a demo runs is refused and unharmed, until that demo has ended, even by SIGKILL', async t => {
  const dir = place(t, 'Übungen & "so"');
  const kill = await otherDemo(dir);
  const before = readdirSync(dir).sort();
  assert.match(
    await refusal(dir),
    /a demo is running in .*Übungen.* at http:\/\/127\.0\.0\.1:1\. Stop it.*--dir /s,
  );
  assert.deepEqual(readdirSync(dir).sort(), before);
  await kill();
  const release = await claim(dir);
  assert.deepEqual(readdirSync(dir).sort(), ['.demo', '.lock']);
  release();
});

test('a folder of this process is taken too, and free again after its release', async t => {
  const dir = place(t);
  const release = await claim(dir);
  assert.match(await refusal(dir), /a demo is running/);
  release();
  (await claim(dir))();
});

test('what a demo writes is for its user only', async t => {
  const dir = place(t);
  (await claim(dir))();
  assert.equal(statSync(dir).mode & 0o777, 0o700);
});

test('a folder with anything else in it is refused and unharmed', async t => {
  const dir = place(t);
  mkdirSync(dir);
  writeFileSync(path.join(dir, 'thesis.tex'), 'years of work');
  assert.match(
    await refusal(dir),
    /expected an empty directory or one of an earlier demo, found thesis\.tex/,
  );
  assert.equal(readFileSync(path.join(dir, 'thesis.tex'), 'utf8'), 'years of work');
  assert.deepEqual(readdirSync(dir), ['thesis.tex']);
  assert.match(await refusal(path.join(dir, 'thesis.tex')), /expected a directory, found a file/);
});
