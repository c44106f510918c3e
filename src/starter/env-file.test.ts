import assert from 'node:assert/strict';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { parseEnv } from 'node:util';
import { setVariables } from './env-file.ts';
import { privateFolder } from './private-file.ts';

function folder(t: TestContext): string {
  const made = mkdtempSync(path.join(tmpdir(), 'env-file-'));
  t.after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

test('variables are set among what the user wrote, in a file that only its owner can read', t => {
  const file = path.join(folder(t), '.env');
  writeFileSync(file, '# mine\nAPP_ID=\nPRIVATE_KEY="a\nb"\nPORT=3001', { mode: 0o644 });
  setVariables(file, { APP_ID: '7', PRIVATE_KEY: '-----BEGIN-----\n$& x\n-----END-----\n', NEW: 'c' });
  const text = readFileSync(file, 'utf8');
  assert.match(text, /^# mine$/m);
  assert.deepEqual(
    { ...parseEnv(text) },
    { APP_ID: '7', PRIVATE_KEY: '-----BEGIN-----\n$& x\n-----END-----', PORT: '3001', NEW: 'c' },
  );
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(path.dirname(file)), ['.env']);
});

test('a file that is kept elsewhere stays there', t => {
  const at = folder(t);
  writeFileSync(path.join(at, 'kept'), '');
  symlinkSync('kept', path.join(at, '.env'));
  setVariables(path.join(at, '.env'), { A: '1' });
  assert.equal(readFileSync(path.join(at, 'kept'), 'utf8'), 'A=1\n');
});

test('a folder for secrets is closed to others, whatever it was', t => {
  const at = path.join(folder(t), 'a/b');
  privateFolder(at);
  assert.equal(statSync(at).mode & 0o777, 0o700);
});
