import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderMarkdown } from './markdown.ts';

const addressOf = (issue: number) => (issue < 100 ? `/ann/gpt/issues/${issue}` : null);
const show = (text: string) => String(renderMarkdown(text, addressOf));

/** Names of the elements and attributes that a browser would make of the answer. */
function elements(text: string): { names: string[]; attributes: string[] } {
  const tags = [...show(text).matchAll(/<\/?([^\s<>/]+)([^<>]*)>/g)];
  const attributes = tags.flatMap(([, , rest = '']) =>
    [...rest.matchAll(/([\w:-]+)\s*=/g)].map(m => m[1] ?? ''),
  );
  return { names: tags.map(([, name = '']) => name), attributes };
}

const HOSTILE = [
  '<script>alert(1)</script>',
  'text <script src="//evil.example/x.js"></script> text',
  '<style>* {display: none}</style>',
  '<img src=x onerror=alert(1)>',
  '<svg onload=alert(1)>',
  '<details open ontoggle=alert(1)><summary>x</summary></details>',
  '<details\nontoggle=alert(1) open>x</details>',
  '<summary onclick="alert(1)">x</summary>',
  '<sub onmouseover=alert(1)>x</sub>',
  '<details><script>alert(1)</script></details>',
  '<details>\n<iframe src="javascript:alert(1)"></iframe>\n</details>',
  '<!-- hidden --><script>alert(1)</script>',
  '<!-- <!-- --> <script>alert(1)</script> -->',
  '<scr<!-- -->ipt>alert(1)</scr<!-- -->ipt>',
  '<details><scr<!-- -->ipt>alert(1)</script></details>',
  '<!--> <script>alert(1)</script> -->',
  '<?php echo 1 ?> <script>',
  '<![CDATA[<script>alert(1)</script>]]>',
  '<!DOCTYPE html><script>alert(1)</script>',
  '<a href="javascript:alert(1)">x</a>',
  '<base href="//evil.example/"><meta http-equiv="refresh" content="0;url=//evil.example">',
  '<form action="//evil.example"><input name=x></form>',
  '`<script>`\n\n```html\n<script>alert(1)</script>\n```',
  '```"><script>alert(1)</script>\nx\n```',
  '```diff"onclick=alert(1)\n+<script>alert(1)</script>\n```',
  '```diff\n+<script>alert(1)</script>\n-<img src=x onerror=alert(1)>\n```',
  '<sub <script>alert(1)</script>>',
  '| a |\n| - |\n| <script>alert(1)</script> |',
];
const HARMLESS = new Set(
  'a blockquote br code dd del details div em h1 h2 hr img kbd li ol p pre span strong sub summary sup table tbody td th thead tr ul'.split(
    ' ',
  ),
);
const HARMLESS_ATTRIBUTES = new Set(['class', 'href', 'rel', 'src', 'alt', 'title', 'start']);

for (const text of HOSTILE) {
  test(`nothing runs of ${JSON.stringify(text)}`, () => {
    const { names, attributes } = elements(text);
    assert.deepEqual(
      names.filter(name => !HARMLESS.has(name)),
      [],
    );
    assert.deepEqual(
      attributes.filter(name => !HARMLESS_ATTRIBUTES.has(name)),
      [],
    );
  });
}

test('links lead only where a click does no harm', () => {
  for (const scheme of [
    'javascript:',
    'JaVaScRiPt:',
    'java\tscript:',
    '&#106;avascript:',
    'vbscript:',
    'data:text/html,',
  ]) {
    for (const text of [
      `[x](${scheme}alert(1))`,
      `[x](<${scheme}alert(1)>)`,
      `<${scheme}alert(1)>`,
      `![x](${scheme}a)`,
    ]) {
      assert.doesNotMatch(show(text), /(href|src)="\s*(java|vb|data)/i, text);
    }
  }
  assert.match(show('[x](https://example.org "t\\"><script>")'), /title="t&quot;&gt;&lt;script&gt;"/);
  assert.match(show('see https://example.org/a'), /<a href="https:\/\/example.org\/a"/);
  assert.doesNotMatch(show('see train.py and README.md'), /href/);
});

test('a marker is hidden, wherever the comment stands and whatever it holds', () => {
  for (const text of [
    'Done.\n\n<!-- bot:x {"a":"b"} -->',
    'Done. <!-- bot:x {} -->',
    '<!-- bot:x\n\n{} -->\nDone.',
  ]) {
    assert.match(show(text), /Done\./);
    assert.doesNotMatch(show(text), /bot:x|--/);
  }
  assert.doesNotMatch(show('<!-- never closed'), /never/);
});

test('what the bot writes looks as on GitHub: folds, small print, tables, line ends', () => {
  const fold = show('<details><summary>How `x`</summary>\n\nOne **two**.\n\n</details>');
  assert.match(fold, /<details><summary>How `x`<\/summary>/);
  assert.match(fold, /<strong>two<\/strong>.*<\/details>/s);
  assert.match(show('<sub>Spent: 6 *trials*.</sub>'), /<sub>Spent: 6 <em>trials<\/em>\.<\/sub>/);
  assert.match(show('| a | b |\n| - | -: |\n| 1 | 2 |'), /<td>1<\/td>\s*<td class="right">2<\/td>/);
  assert.match(show('one\ntwo'), /one<br>\s*two/);
  assert.match(
    show('```diff\n-a < 1\n+b\n```'),
    /<span class="del">-a &lt; 1<\/span>\n<span class="add">\+b<\/span>/,
  );
  assert.match(show('<details><summary>a &amp; b < c</summary></details>'), /a &amp; b &lt; c/);
});

test('a fold that a comment leaves open, or closes without opening, ends with the comment', () => {
  const ends = (text: string) =>
    show(text)
      .replace(/<\/p>|\s/g, '')
      .slice(-20);
  assert.match(ends('<details><summary>x'), /<\/summary><\/details>$/);
  assert.doesNotMatch(
    show('x</details></summary></sub>'),
    /<\//.test('</p>') ? /<\/(details|summary|sub)>/ : /^/,
  );
});

test('a number after # leads to the issue where there is one, but not in code, links or words', () => {
  assert.match(show('see #12, not'), /see <a href="\/ann\/gpt\/issues\/12">#12<\/a>, not/);
  assert.match(show('| #2 |\n| - |'), /issues\/2"/);
  assert.match(show('#1 and #100'), /#1<\/a> and #100<\/p>/);
  assert.doesNotMatch(show('`#12` a#12 #\u200b12 &#35;x #1a'), /href/);
  assert.doesNotMatch(show('[see #12](https://example.org)'), /issues/);
});
