import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clip, escapeMarkdown, fence, quote } from './markdown.ts';

test('escaped text shows its own characters instead of acting as Markdown or HTML', () => {
  assert.equal(
    escapeMarkdown('<img src=x> **b** [a](b) `c` | d'),
    '&lt;img src=x&gt; \\*\\*b\\*\\* \\[a\\](b) \\`c\\` \\| d',
  );
  assert.equal(escapeMarkdown('two\nlines <!-- autoresearch:experiment {} -->').includes('<!--'), false);
  assert.equal(escapeMarkdown('\u202eevil\u0000 text'), 'evil text');
});

test('escaped text neither mentions anyone nor refers to an issue nor links anywhere', () => {
  assert.doesNotMatch(
    escapeMarkdown('ask @alice about #12 and GH-12 at https://evil.test or www.evil.test'),
    /@alice|#12|GH-12|https:\/\/|www\.evil/,
  );
});

test('escaped text at the start of a line begins no list, heading or rule', () => {
  assert.deepEqual(
    ['- item', '+ item', '1. item', '12) item', '---', '# head', '0.5 is fine', '-0.5'].map(text =>
      escapeMarkdown(text),
    ),
    ['\\- item', '\\+ item', '1\\. item', '12\\) item', '\\---', '#\u200b head', '0.5 is fine', '-0.5'],
  );
});

test('escaped text is cut before it is escaped, so no escape is cut in half', () => {
  assert.equal(escapeMarkdown('ab****', 4), 'ab\\*…');
});

test('quoted text cannot leave its code span', () => {
  assert.equal(quote('a `b`\n@alice'), "`a 'b' @alice`");
  assert.equal(quote(''), '` `');
  assert.equal(quote('abcdef', 4), '`abc…`');
});

test('a fence is longer than any run of backticks inside it', () => {
  assert.equal(fence('a\n```\n**out**', 'text'), '````text\na\n```\n**out**\n````');
  assert.equal(fence('a\n```\nb\n`````\nc'), '``````\na\n```\nb\n`````\nc\n``````');
  assert.equal(fence('plain'), '```\nplain\n```');
});

test('a clipped sentence closes the code span that was cut', () => {
  assert.equal(clip('see `abcdef`', 10), 'see `abc`…');
  assert.equal(clip('see `a` and more', 12), 'see `a` an…');
  assert.equal(clip('short', 10), 'short');
});
