import assert from 'node:assert/strict';
import { test } from 'node:test';
import { syntaxError } from './syntax.ts';

test('Python is compiled, not run', async () => {
  assert.equal(await syntaxError('train.py', 'import nowhere\nraise SystemExit(1)\nprint("ä")\n'), null);
  assert.match((await syntaxError('train.py', 'x = 1\ny = (2\n')) ?? '', /^line 2: .*never closed.*y = \(2/);
  assert.match((await syntaxError('train.py', 'return 1\n')) ?? '', /outside function/);
});

test('without python3, Python is not checked', async t => {
  const { PATH } = process.env;
  t.after(() => {
    process.env.PATH = PATH;
  });
  process.env.PATH = '/nowhere';
  assert.equal(await syntaxError('train.py', 'x = ('), null);
});

test('JSON, YAML, JavaScript and TypeScript are parsed', async () => {
  assert.match((await syntaxError('a.json', '{"a": }')) ?? '', /JSON/);
  assert.equal(await syntaxError('a.json', '{"a": 1}'), null);
  assert.match((await syntaxError('a.yml', 'a: [1')) ?? '', /flow collection/);
  assert.equal(await syntaxError('a.yaml', 'a: 1\n---\nb: 2\n'), null);
  assert.match((await syntaxError('a.mjs', 'const x = ;')) ?? '', /xpression/);
  assert.equal(await syntaxError('a.js', 'export const x = 1;'), null);
  assert.match((await syntaxError('a.ts', 'const x: = 1;')) ?? '', /nexpected/);
  assert.equal(await syntaxError('a.ts', 'enum A { B }\nconst x: number = 1;'), null);
});

test('other file types are not checked', async () => {
  assert.equal(await syntaxError('notes.txt', '((('), null);
});
