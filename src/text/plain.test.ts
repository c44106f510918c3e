import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainLine } from './plain.ts';

test('a title from a model cannot mention anyone, refer to an issue, skip CI or add a trailer', () => {
  assert.equal(
    plainLine('try @alice, fixes #12\n\nSigned-off-by: me [skip ci]'),
    'try alice, fixes 12 Signed-off-by me (skip ci)',
  );
  assert.equal(plainLine('\u202eevil\u0000'), 'evil');
  assert.equal(plainLine('x'.repeat(200)).length, 80);
  assert.equal(plainLine('[SKIP CI] [no ci]'), '(SKIP CI) (no ci)');
});

test('removing characters from a title cannot put a command together', () => {
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
