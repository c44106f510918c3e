/** What the command line says where the machine is not as it should be: one or two lines, and never a stack trace. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { execa } from 'execa';
import { systemProblem } from './errors.ts';

const CLI = path.resolve(import.meta.dirname, '../cli.ts');

function folder(t: TestContext): string {
  const made = mkdtempSync(path.join(tmpdir(), 'situations-'));
  t.after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

async function said(args: string[], env: Record<string, string> = {}, shell = ''): Promise<string> {
  const command =
    shell === '' ? [process.execPath, CLI, ...args] : ['bash', '-c', shell, process.execPath, CLI, ...args];
  const [file = '', ...rest] = command;
  const { stderr, exitCode } = await execa(file, rest, { env, reject: false, timeout: 60_000 });
  assert.ok(exitCode === 1 || exitCode === 2, `${exitCode}: ${stderr}`);
  assert.match(stderr, /^autoresearch: /);
  assert.doesNotMatch(stderr, /^ +at /m);
  return stderr;
}

test('settings of the App that cannot work are named', async () => {
  assert.match(
    await said(['serve'], { APP_ID: '1', PRIVATE_KEY: '0xdeadbeef' }),
    /PRIVATE_KEY: expected .* PEM/,
  );
  assert.match(await said(['serve'], { APP_ID: 'x' }), /APP_ID: expected the number/);
  assert.match(await said(['serve'], { APP_ID: '', PORT: '-1' }), /PORT: expected a whole number/);
});

test('a port in use is named', async t => {
  const server = createServer().listen(0, '127.0.0.1');
  t.after(() => server.close());
  await new Promise(resolve => server.once('listening', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? String(address?.port) : '';
  assert.match(await said(['serve'], { APP_ID: '', PORT: port }), new RegExp(`${port} is in use`));
});

test('too few open files are said before anything starts', async t => {
  const shell = 'ulimit -n 64 && exec "$0" "$@"';
  assert.match(
    await said(['demo', '--dir', folder(t)], {}, shell),
    /Open files: .* at least 256, found 64\. .*ulimit -n/,
  );
});

test('a folder that belongs to somebody else, or holds something else, is left alone', async t => {
  const dir = folder(t);
  writeFileSync(path.join(dir, 'thesis.tex'), '');
  assert.match(
    await said(['demo', '--dir', dir]),
    /--dir: expected an empty directory or one of an earlier demo, found thesis/,
  );
  if (process.getuid?.() === 0) return;
  const closed = path.join(dir, 'closed');
  mkdirSync(closed);
  chmodSync(closed, 0);
  assert.match(await said(['demo', '--dir', closed]), /another user/);
});

test('a disk that is full or read-only is named before anything starts', async t => {
  const dir = folder(t);
  const on = (disk: string) => `exec bwrap --ro-bind / / --dev /dev --proc /proc ${disk} "$0" "$@"`;
  const full = on(`--size 1000000 --tmpfs ${dir}`);
  assert.match(
    await said(['demo', '--dir', path.join(dir, 'demo')], {}, full),
    /expected 256 MB of free space, found [01] MB in .*demo\. Remove files there, or .*--dir/,
  );
  // Node says ENOENT where a folder and its parents cannot be made there.
  const deep = path.join(dir, 'a', 'demo');
  assert.match(
    await said(['demo', '--dir', deep], {}, on('')),
    /The disk is read-only \(.*\)\. Use a directory/,
  );
});

test('what the system refuses is said in words', () => {
  const errors: [object, RegExp][] = [
    [{ code: 'ENOSPC', message: 'ENOSPC: no space left on device, write' }, /disk is full/],
    [{ code: 'EMFILE', path: '/a', message: 'x' }, /Too many open files \(\/a\).*ulimit/],
    [{ code: 'EACCES', path: '/a', message: 'x' }, /Permission denied \(\/a\)/],
    [{ code: 'EROFS', message: 'x' }, /read-only/],
    [{ code: 'EADDRINUSE', port: 3000, message: 'x' }, /port is in use \(3000\)/],
    [{ message: 'git add failed\nfatal: write error: No space left on device' }, /disk is full/],
  ];
  for (const [error, expected] of errors)
    assert.match(systemProblem(Object.assign(new Error(), error)) ?? '', expected);
  assert.equal(systemProblem(new Error('anything else')), null);
  assert.equal(systemProblem(undefined), null);
});
