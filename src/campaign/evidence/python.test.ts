import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { pythonTokens } from './python.ts';

/**
 * Prints for each file of the standard library, every so many, and of `argv[1:]`, the tokens that Python's own tokenizer finds. From 3.12 on
 * that cuts an f-string into pieces, which are put together again.
 */
const TOKENS = `
import glob, io, json, os, sys, sysconfig, tokenize, unicodedata
apart = {getattr(tokenize, name, -1): step for name, step in (("FSTRING_START", 1), ("FSTRING_END", -1))}
left_out = {getattr(tokenize, name) for name in "NL INDENT DEDENT ENCODING ENDMARKER NEWLINE".split()}
library = sorted(glob.glob(os.path.join(sysconfig.get_paths()["stdlib"], "*.py")))
for path in [*library[::4], *sys.argv[1:]]:
    try:
        text = open(path, encoding="utf-8", newline="").read()
        compile(text, path, "exec", dont_inherit=True)
        found = list(tokenize.generate_tokens(io.StringIO(text, newline="").readline))
    except (SyntaxError, UnicodeDecodeError):
        continue
    lines, tokens, nested, start = io.StringIO(text, newline="").readlines(), [], 0, None
    for token in found:
        step = apart.get(token.type, 0)
        if step > 0 and nested == 0:
            start = token.start
        nested += step
        if step < 0 and nested == 0:
            (a, b), (c, d) = start, token.end
            between = lines[a - 1][b:d] if a == c else "".join([lines[a - 1][b:], *lines[a : c - 1], lines[c - 1][:d]])
            tokens.append(between)
        elif nested == 0 and token.type not in left_out:
            name = token.type == tokenize.NAME
            tokens.append(unicodedata.normalize("NFKC", token.string) if name else token.string)
    print(json.dumps([path, tokens]))
`;

test("Python's own tokenizer finds the same in its library and in the trainer", () => {
  const trainer = ['train.py', 'prepare.py', 'candidate.py'].map(
    name => new URL(`../../../trainer/${name}`, import.meta.url).pathname,
  );
  const printed = execFileSync('python3', ['-c', TOKENS, ...trainer], { maxBuffer: 2 ** 30 }).toString();
  const files = printed.trim().split('\n');
  assert.ok(files.length > 30, printed.slice(0, 500));
  for (const line of files) {
    const [path, expected]: [string, string[]] = JSON.parse(line);
    const found = pythonTokens(readFileSync(path, 'utf8'))?.filter(
      ({ kind, inField }) => kind !== 'newline' && !inField,
    );
    assert.deepEqual(
      found?.map(({ text }) => text),
      expected,
      path,
    );
  }
});

const texts = (source: string) => pythonTokens(source)?.map(({ text }) => text) ?? null;

test('fields of a string are code, whatever stands around them', () => {
  assert.deepEqual(texts(String.raw`rf'\{a}{b!r:>{c}}{{d}}' fr"""{e["}"] = }"""`), [
    String.raw`rf'\{a}{b!r:>{c}}{{d}}'`,
    ...['a', 'b', 'c'],
    'fr"""{e["}"] = }"""',
    ...['e', '[', '"}"', ']', '='],
  ]);
  assert.deepEqual(texts(String.raw`f'\N{DASH}{a != b}{f"{c:=1}"}'`), [
    String.raw`f'\N{DASH}{a != b}{f"{c:=1}"}'`,
    ...['a', '!=', 'b', 'f"{c:=1}"', 'c'],
  ]);
});

test('what two versions of Python read differently is not read', () => {
  for (const source of [
    `f'{'a'}'`,
    `f"{"#"}"; b`,
    `f'''{'''a'''}'''`,
    `f"{a:{{b}}}"`,
    `f'{a\n}'`,
    '# coding: latin-1\na',
    'a\n# vim: set fileencoding=utf-7 :\nb',
  ])
    assert.equal(texts(source), null, source);
  assert.deepEqual(texts('\ufeff# -*- coding: utf-8 -*-\na'), ['# -*- coding: utf-8 -*-', '\n', 'a']);
});

test('what is no Python is not read', () => {
  for (const source of [
    '(',
    ')',
    '(]',
    '"',
    '"a\n"',
    "'''",
    'a\\ b',
    'a ? b',
    'a\0',
    'f"{"',
    'f"}"',
    'f"{a!}"',
    'a\u00a0b',
  ])
    assert.equal(texts(source), null, source);
  assert.equal(texts("f'{".repeat(30_000)), null);
  assert.equal(texts(`f'${'{a:'.repeat(30_000)}'`), null);
});

test('a line ends where Python ends it, and a comment with it', () => {
  assert.deepEqual(texts('a # b\rc\r\nd\\\r\ne\u2028'), null);
  assert.deepEqual(texts('a # b\u2028b\rc\r\nd\\\r\ne'), ['a', '# b\u2028b', '\n', 'c', '\n', 'd', 'e']);
});
