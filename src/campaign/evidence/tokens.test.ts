import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addedTokens } from './tokens.ts';

const edit = (search: string, replace: string, path = 'train.py') => [{ path, search, replace }];

test('the length of code is counted in tokens, not in characters, lines or comments', () => {
  assert.equal(addedTokens(edit('a = f(x)\n', '')), -6);
  assert.equal(addedTokens(edit('RATE = 3', 'LEARNING_RATE = 0.03')), 2);
  assert.equal(addedTokens(edit('a = 1\nb = 2', 'a = 1; b = 2  # both')), 1);
  assert.equal(addedTokens(edit('x = 1  # it said "no"', 'x = 1')), -6, 'a quote may be a string');
  assert.equal(addedTokens(edit("  # don't touch this\nx = 1", 'x = 1')), 0, 'a line that is a comment');
  assert.equal(addedTokens(edit('// why\nlet a = 1; // so\n', 'let a = 1;', 'src/a.ts')), 0);
  assert.equal(
    addedTokens(edit('n = a / b', 'n = a // b + extra(c)', 'train.py')),
    6,
    'a division in Python',
  );
  assert.equal(addedTokens(edit('#define A 1', '', 'a.h')), -4);
  assert.equal(addedTokens(edit('# text', '', 'notes.md')), -2);
  assert.equal(addedTokens([...edit('a', 'a b c'), ...edit('d e f', '')]), -1);
});
