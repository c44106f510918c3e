import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { isVisible, visible } from './visible.ts';

/** What each text looks like. */
const LOOKS: [string, string][] = [
  ['loss\t3.2\nnext', 'loss\t3.2\nnext'],
  ['é 漢字 🙂 −0.0012 «»', 'é 漢字 🙂 −0.0012 «»'],
  ['a\0b\u0007\b\u007f\u0085c', 'abc'],
  ['\u001b[1;31mValueError\u001b[0m: no', 'ValueError: no'],
  ['\u009b31mred', 'red'],
  ['\u001b]0;you have mail\u0007title', 'title'],
  ['\u001b]52;c;cm0gLXJmIH4=\u001b\\clipboard', 'clipboard'],
  ['\u001b]8;;https://example.com\u001b\\link\u001b]8;;\u001b\\', 'link'],
  ['\u001bPq#0;2;0;0;0\u001b\\sixels', 'sixels'],
  ['\u001bcreset \u001b(B', 'reset '],
  ['cut off \u001b[31', 'cut off '],
  ['never ends \u001b]0;\nnext line', 'never ends \nnext line'],
  ['a \u202e\u2066drawkcab\u2069\u202c b', 'a drawkcab b'],
  ['in\u200bvis\u2060ib\u00adle\ufeff', 'invisible'],
  ['two\u2028lines\u2029', 'twolines'],
  ['half \ud83d of a pair \ude42', 'half \ufffd of a pair \ufffd'],
  ['tag\u{e0041}s', 'tags'],
  ['names\u3164of\u115f\uffa0nothing', 'namesofnothing'],
  ['blank\u{13441}\u{13442}letters\u{16fe4}', 'blankletters'],
  ['a\u2800cell and a\u{1d159}note', 'a cell and a note'],
  ['\u2800\u3164', ' '],
  ['\u2801 \u{1d15a} \u{13440}', '\u2801 \u{1d15a} \u{13440}'],
  ['a variant\u{e0101} of \ufe00a letter', 'a variant of a letter'],
  ['\u26a0\ufe0f a picture', '\u26a0\ufe0f a picture'],
];

for (const [text, look] of LOOKS)
  test(`${JSON.stringify(text)} looks like ${JSON.stringify(look)}`, () => {
    assert.equal(visible(text), look);
    assert.equal(visible(look), look);
    assert.equal(isVisible(text), text === look);
    assert.ok(isVisible(look));
  });

test('the trainer shows every character as the App does', () => {
  const trainer = new URL('../../trainer', import.meta.url).pathname;
  const told = execFileSync('python3', ['-c', 'import visible, json; print(json.dumps(visible.LOOKS))'], {
    cwd: trainer,
  });
  const looks = new Map(Object.entries(JSON.parse(told.toString())));
  const differ = Array.from({ length: 0x110000 }, (_, code) => code)
    .filter(code => code < 0xd800 || code > 0xdfff)
    .filter(code => {
      const character = String.fromCodePoint(code);
      return visible(character) !== (looks.get(String(code)) ?? character);
    });
  assert.deepEqual(
    differ.map(code => code.toString(16)),
    [],
  );
});

test('nothing can be put together by what is removed', () => {
  assert.equal(visible('\u001b\u200b[31m\u001b\u001b[[31m \u001b[\u001b[31m').includes('\u001b'), false);
  assert.equal(visible('\u001b[\u202e31m'), '31m');
});
