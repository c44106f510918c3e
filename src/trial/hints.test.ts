import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withHint } from './hints.ts';

for (const [message, hint] of [
  ["OSError: [Errno 30] Read-only file system: 'train.py'", /write other files beside them/],
  ['urllib.error.URLError: <urlopen error [Errno -3] Temporary failure in name resolution>', /no network/],
  ['Error: getaddrinfo EAI_AGAIN registry.npmjs.org', /no network/],
  ["OSError: We couldn't connect to 'https://huggingface.co' to load the files", /no network/],
  [
    "subprocess.CalledProcessError: Command '['git', 'rev-parse', 'HEAD']' returned non-zero exit status 128.",
    /no git/,
  ],
  [
    "FileNotFoundError: [Errno 2] No such file or directory: '/data/fineweb/train.bin'",
    /list it under `readable`/,
  ],
] as const) {
  test(`a crash with ${message.slice(0, 50)} says what to do`, () => {
    const told = withHint(message, '');
    assert.ok(told.startsWith(message.replace(/\.$/, '')));
    assert.match(told, hint);
    assert.match(withHint('exit code 1: the last line', `Traceback\n${message}\nexiting\n`), hint);
  });
}

test('other crashes stay as they are, and no message becomes too long', () => {
  for (const message of [
    'ValueError: bad shape',
    "FileNotFoundError: No such file or directory: 'x'",
    "FileNotFoundError: '/tmp/x'",
  ])
    assert.equal(withHint(message, ''), message);
  assert.ok(withHint(`Read-only file system: ${'x'.repeat(490)}`, '').length <= 500);
});
