import assert from 'node:assert/strict';
import { test } from 'node:test';
import { escapeMarkdown, fence, plainLine } from './text.ts';

test('a title from a model cannot mention, refer, skip CI or break the line', () => {
  assert.equal(
    plainLine('try @alice, fixes #12\n\nSigned-off-by: me [skip ci]'),
    'try alice, fixes 12 Signed-off-by me (skip ci)',
  );
  assert.equal(plainLine('\u202eevil\u0000'), 'evil');
  assert.equal(plainLine('x'.repeat(200)).length, 80);
  assert.equal(plainLine('[SKIP CI] [no ci]'), '(SKIP CI) (no ci)');
});

test('what a title may not say cannot be put together from pieces', () => {
  for (const evil of [
    '[skip@ ci]',
    '[skip [skip ci]ci]',
    '[@skip ci#]',
    '***NO_CI***',
    'NO_@CI',
    'skip-checks:: true',
    'skip-checks : : true',
    'fixes GH-12',
    'fixes @GH-#12',
    'closes https://github.com/o/r/issues/12',
    'closes https:@//github.com/o/r/issues/12',
    'closes o/r#12',
  ])
    assert.doesNotMatch(plainLine(evil), /[@#[\]]|no_ci|skip-checks\s*:|gh-\d|:\/\//i, evil);
  assert.equal(
    plainLine('closes https://github.com/o/r/issues/12'),
    'closes https: github.com/o/r/issues/12',
  );
  assert.equal(plainLine('weigh-2 head-1'), 'weigh-2 head-1');
});

test('a hypothesis is shown as it is, not as Markdown', () => {
  assert.equal(
    escapeMarkdown('<img src=x> **b** [a](b) `c` | d'),
    '&lt;img src=x&gt; \\*\\*b\\*\\* \\[a\\](b) \\`c\\` \\| d',
  );
  assert.doesNotMatch(escapeMarkdown('ask @alice about #12 at https://evil.test'), /@alice|#12|https:\/\//);
  assert.equal(escapeMarkdown('two\nlines <!-- autoresearch:experiment {} -->').includes('<!--'), false);
});

test('a fence is longer than anything inside it', () => {
  assert.equal(fence('a\n```\n**out**\n', 'text'), '````text\na\n```\n**out**\n````');
  assert.equal(fence('plain'), '```\nplain\n```');
});
