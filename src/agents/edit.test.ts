import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyEdits } from './edit.ts';

const train = 'DEPTH = 8\nLR = 0.02\nMATRIX_LR = 0.02\n\ndef main():\n    step()\n    step()\n';
const files = new Map([
  ['train.py', train],
  ['model.py', 'WIDTH = 64\n'],
]);
const editable = ['train.py', 'model.py', 'new.py'];

function edited(search: string, replace: string, path = 'train.py') {
  return applyEdits(files, [{ path, search, replace }], editable);
}

function reason(result: ReturnType<typeof applyEdits>): string {
  assert.equal(result.kind, 'refused');
  return result.kind === 'refused' ? result.reason : '';
}

test('an edit whose search occurs once is applied, and only changed files are returned', () => {
  const result = edited('DEPTH = 8', 'DEPTH = 9');
  assert.deepEqual(result, { kind: 'applied', files: new Map([['train.py', train.replace('8', '9')]]) });
});

test('edits are applied in order, each to the result of the one before', () => {
  const edits = [
    { path: 'train.py', search: 'DEPTH = 8', replace: 'DEPTH = 9\nHEADS = 3' },
    { path: 'train.py', search: 'HEADS = 3', replace: 'HEADS = 4' },
    { path: 'model.py', search: '64', replace: '128' },
  ];
  const result = applyEdits(files, edits, editable);
  assert.ok(result.kind === 'applied');
  assert.match(result.files.get('train.py') ?? '', /^DEPTH = 9\nHEADS = 4\nLR/);
  assert.equal(result.files.get('model.py'), 'WIDTH = 128\n');
});

test('a search that does not occur is answered with the closest line', () => {
  const said = reason(edited('MATRIX_LR = 0.03', 'MATRIX_LR = 0.04'));
  assert.match(
    said,
    /^edit 1 of 1 \("train\.py"\): search does not occur in the file\. There is no line "MATRIX_LR = 0\.03"; the closest is line 3, "MATRIX_LR = 0\.02"$/,
  );
  assert.match(
    reason(edited('DEPTH = 8\nMATRIX_LR = 0.02', '')),
    /Each of its lines exists, but not in this order/,
  );
});

test('a search that occurs several times is answered with the lines', () => {
  assert.match(
    reason(edited('LR = 0.02', 'LR = 0.04')),
    /search occurs 2 times, at lines 2, 3\. Add neighbouring lines/,
  );
  assert.match(reason(edited('    step()\n', '')), /search occurs 2 times, at lines 6, 7/);
  assert.match(
    reason(applyEdits(new Map([['a', 'aaa']]), [{ path: 'a', search: 'aa', replace: 'b' }], ['a'])),
    /2 times/,
  );
});

test('a path that is not editable, or does not exist, is refused', () => {
  assert.match(
    reason(edited('a', 'b', 'referee.py')),
    /this path is not editable; editable paths: train\.py, model\.py/,
  );
  assert.match(reason(edited('a', 'b', './train.py')), /not editable/);
  assert.match(reason(edited('a', 'b', 'new.py')), /does not exist/);
});

test('edits that change nothing are refused', () => {
  assert.match(reason(edited('DEPTH = 8', 'DEPTH = 8')), /change nothing/);
  const thereAndBack = [
    { path: 'model.py', search: '64', replace: '65' },
    { path: 'model.py', search: '65', replace: '64' },
  ];
  assert.match(reason(applyEdits(files, thereAndBack, editable)), /change nothing/);
});

test('CRLF and LF match each other, and a file keeps its line endings', () => {
  const windows = new Map([['train.py', train.replaceAll('\n', '\r\n')]]);
  const edit = {
    path: 'train.py',
    search: 'DEPTH = 8\nLR = 0.02\n',
    replace: 'DEPTH = 9\nNEW = 1\n',
  };
  const onWindows = applyEdits(windows, [edit], editable);
  assert.ok(onWindows.kind === 'applied');
  assert.match(onWindows.files.get('train.py') ?? '', /^DEPTH = 9\r\nNEW = 1\r\nMATRIX_LR = 0.02\r\n/);
  const crlfEdit = { ...edit, search: 'DEPTH = 8\r\nLR = 0.02\r\n', replace: 'DEPTH = 9\r\n' };
  const onUnix = applyEdits(files, [crlfEdit], editable);
  assert.ok(onUnix.kind === 'applied');
  assert.match(onUnix.files.get('train.py') ?? '', /^DEPTH = 9\nMATRIX_LR/);
  const first = applyEdits(windows, [{ path: 'train.py', search: '\nLR', replace: '\nRATE' }], editable);
  assert.equal(first.kind, 'applied', 'a leading newline matches CRLF once');
});

test('search and replacement are taken literally', () => {
  const special = new Map([['a', 'x = (a|b)[0]$^ \\d+ {2}\n']]);
  const result = applyEdits(
    special,
    [{ path: 'a', search: '(a|b)[0]$^ \\d+ {2}', replace: "$& $1 $'" }],
    ['a'],
  );
  assert.deepEqual(result, { kind: 'applied', files: new Map([['a', "x = $& $1 $'\n"]]) });
});

test('sizes are limited, and characters that are not text are refused', () => {
  assert.match(reason(edited('DEPTH = 8', 'x'.repeat(30_000))), /30009 characters together; at most 30000/);
  const big = new Map([['a', `head\n${'x'.repeat(399_995)}`]]);
  assert.match(
    reason(applyEdits(big, [{ path: 'a', search: 'head', replace: 'headed' }], ['a'])),
    /400002 bytes/,
  );
  assert.match(reason(edited('DEPTH = 8', 'DEPTH\0')), /not allowed in a text file/);
  assert.match(reason(edited('DEPTH = 8', '\ud800')), /not allowed in a text file/);
  assert.match(reason(edited('', 'x')), /search is empty/);
});

test('code that looks different from what it does is refused', () => {
  // A reader sees a comment before a return that never comes; and a string that is not the one it is compared with.
  for (const replace of [
    'DEPTH = 9  # \u202e \u2066if not debug: return\u2069 \u2066',
    'NAME = "user\u200b"',
    'DEPTH = 9\u001b[2K\u001b[1A',
    'DEPTH = 9 \u2028import os',
  ])
    assert.match(
      reason(edited('DEPTH = 8', replace)),
      /are not allowed in a text file/,
      JSON.stringify(replace),
    );
  assert.equal(edited('DEPTH = 8', 'DEPTH = 9\t# tiefer: größer, 深さ 🙂\r\n\f').kind, 'applied');
});
