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
  ["ModuleNotFoundError: No module named 'flash_attn'", /A trial installs nothing\. .* `\.venv`/],
  ["Error: Cannot find module 'lodash'", /`node_modules` of the base/],
  [
    "Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'zod' imported from /trial/train.mjs",
    /installs nothing/,
  ],
  ['exit code 127: train.sh: 3: nvcc: not found', /installs nothing/],
  ['exit code 127: train.sh: line 3: cargo: command not found', /installs nothing/],
  ['exit code 1: Error in library(ggplot2) : there is no package called ‘ggplot2’', /installs nothing/],
  [
    'exit code 1: main.go:4:2: no required module provides package example.com/x; to add it:',
    /installs nothing/,
  ],
] as const) {
  test(`a crash with ${message.slice(0, 50)} says what to do`, () => {
    const told = withHint(message, '', true);
    assert.ok(told.startsWith(message.replace(/\.$/, '')));
    assert.match(told, hint);
    assert.match(withHint('exit code 1: the last line', `Traceback\n${message}\nexiting\n`, true), hint);
  });
}

test('other crashes stay as they are, and no message becomes too long', () => {
  for (const message of [
    'ValueError: bad shape',
    "FileNotFoundError: No such file or directory: 'x'",
    "FileNotFoundError: '/tmp/x'",
  ])
    assert.equal(withHint(message, '', true), message);
  assert.ok(withHint(`Read-only file system: ${'x'.repeat(490)}`, '', true).length <= 500);
});

test('without a sandbox, only what is not installed has a hint', () => {
  assert.match(withHint("ModuleNotFoundError: No module named 'x'", '', false), /installs nothing/);
  const network = 'Error: getaddrinfo EAI_AGAIN registry.npmjs.org';
  assert.equal(withHint(network, '', false), network);
  for (const own of ["Error: Cannot find module './model'", 'KeyError: key not found in table'])
    assert.equal(withHint(own, '', false), own, 'the code itself is at fault');
});
