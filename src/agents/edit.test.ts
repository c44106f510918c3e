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
  assert.deepEqual(edited('DEPTH = 8', 'DEPTH = 9'), {
    kind: 'applied',
    files: new Map([['train.py', train.replace('8', '9')]]),
    edits: [{ path: 'train.py', search: 'DEPTH = 8', replace: 'DEPTH = 9' }],
  });
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
    reason(edited('0.02', '0.04')),
    /search occurs 2 times, at lines 2, 3\. Add neighbouring lines/,
  );
  assert.match(reason(edited('    step()\n', '')), /search occurs 2 times, at lines 6, 7/);
  assert.match(
    reason(applyEdits(new Map([['a', '(((']]), [{ path: 'a', search: '((', replace: 'b' }], ['a'])),
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
  assert.equal(result.kind === 'applied' && result.files.get('a'), "x = $& $1 $'\n");
});

test('sizes are limited, and characters that are not text are refused', () => {
  assert.match(reason(edited('DEPTH = 8', 'x'.repeat(30_000))), /30009 characters together; at most 30000/);
  const big = new Map([['a', `head\n${'x'.repeat(399_995)}`]]);
  assert.match(
    reason(applyEdits(big, [{ path: 'a', search: 'head', replace: 'headed' }], ['a'])),
    /400002 bytes/,
  );
  assert.match(
    reason(edited('DEPTH = 8', 'DEPTH\0')),
    /contains the character U\+0000, which a reader cannot/,
  );
  assert.match(
    reason(edited('DEPTH = 8', '\ud800')),
    /contains the character U\+D800, which a reader cannot/,
  );
  assert.match(reason(edited('', 'x')), /search is empty/);
});

test('code that looks different from what it does is refused', () => {
  // A reader sees a comment before a return that never comes; and a string that is not the one it is compared with.
  for (const replace of [
    'DEPTH = 9  # \u202e \u2066if not debug: return\u2069 \u2066',
    'NAME = "user\u200b"',
    'DEPTH = 9\u001b[2K\u001b[1A',
    'DEPTH = 9 \u2028import os',
    'if name == "\u2800":',
  ])
    assert.match(
      reason(edited('DEPTH = 8', replace)),
      /contains the character U\+[0-9A-F]{4}, which a reader cannot see; leave it out, or write it as an escape/,
      JSON.stringify(replace),
    );
  const spinner = new Map([['a', 'FRAMES = "\u2800\u2801", 8\n']]);
  const slower = { path: 'a', search: '"\u2800\u2801", 8', replace: '"\u2800\u2801", 9' };
  assert.equal(applyEdits(spinner, [slower], ['a']).kind, 'applied', 'what was there before may stay');
  assert.equal(edited('DEPTH = 8', 'DEPTH = 9\t# tiefer: größer, 深さ 🙂\r\n\f').kind, 'applied');
});

test('a search is whole lines, or lies between the borders of words, numbers and operators', () => {
  const inside: [string, string, string][] = [
    ['train.py', 'WARMDOWN = 0.55', 'WARMDOWN = 0.5'],
    ['train.py', 'DEPTH = 24', 'DEPTH = 2'],
    ['train.py', 'MATRIX_LR = 0.03', 'LR = 0.03'],
    ['train.py', 'LR = 1e-3', 'LR = 1'],
    ['train.py', 'LR = 1e-3', 'LR = 1e'],
    ['train.py', 'LR = 1.5', 'LR = 1'],
    ['train.py', 'LR = 10.5', '0.5'],
    ['train.py', 'x = 1_000', 'x = 1'],
    ['train.py', 'größe = 3', 'e = 3'],
    ['train.py', 'if x == 3:', 'x ='],
    ['train.py', 'y = x ** 2', 'x *'],
    ['train.py', 'name = "relu"', 'name = "re'],
    ['a.yml', 'max-lr: 0.1', 'lr: 0.1'],
    ['a.toml', 'optimizer.lr = 0.1', 'lr = 0.1'],
    ['a.rs', 'const LR: f32 = 0.1_f32;', '= 0.1'],
    ['a.js', 'const $lr = 3', 'lr = 3'],
  ];
  for (const [path, line, search] of inside)
    assert.match(
      reason(applyEdits(new Map([[path, `${line}\n`]]), [{ path, search, replace: 'y' }], [path])),
      /occurs only as a part of something longer: line 1 is .*Give whole lines/,
      `${search} in ${line}`,
    );
  const between: [string, string, string][] = [
    ['train.py', 'y = F.relu(x).square()', 'relu'],
    ['train.py', 'adam(lr=0.1, betas=(0.9, 0.95))', 'lr=0.1'],
    ['train.py', 'x=-1', '-1'],
    ['train.py', 'TOTAL = 2**19', '19'],
    ['train.py', 'DEPTH = 8  # layers', 'DEPTH = 8'],
    ['a.yml', 'lr: 0.1 # peak', 'lr: 0.1'],
  ];
  for (const [path, line, search] of between)
    assert.equal(
      applyEdits(new Map([[path, `${line}\n`]]), [{ path, search, replace: 'y' }], [path]).kind,
      'applied',
      `${search} in ${line}`,
    );
});

test('a search that is whole lines in one place means that place, although it is a part of other lines', () => {
  const result = applyEdits(
    new Map([['a.py', 'lr = 1\nopt.lr = 1\n']]),
    [{ path: 'a.py', search: 'lr = 1', replace: 'lr = 2' }],
    ['a.py'],
  );
  assert.equal(result.kind === 'applied' && result.files.get('a.py'), 'lr = 2\nopt.lr = 1\n');
});

test('what an edit replaced is known as whole lines, which are found again where nothing else changed', () => {
  const [search, replace] = ['8\nLR', '9\nRATE'];
  const first = edited(search, replace);
  assert.ok(first.kind === 'applied');
  const [edit] = first.edits;
  assert.deepEqual(edit, {
    path: 'train.py',
    search: 'DEPTH = 8\nLR = 0.02',
    replace: 'DEPTH = 9\nRATE = 0.02',
  });
  assert.deepEqual(applyEdits(files, first.edits, editable, 'lines'), first);
  const moved = new Map([['train.py', train.replace('DEPTH = 8', 'DEPTH = 8 * 2')]]);
  assert.match(reason(applyEdits(moved, first.edits, editable, 'lines')), /does not occur/);
  const part = { path: 'train.py', search: 'DEPTH = 8', replace: 'DEPTH = 9' };
  assert.equal(applyEdits(moved, [part], editable).kind, 'applied');
  assert.match(reason(applyEdits(moved, [part], editable, 'lines')), /a part of something longer/);
});

test('whole lines with their last line ending are replaced by whole lines', () => {
  const joined = edited('DEPTH = 8\n', 'DEPTH = 9');
  assert.match(joined.kind === 'applied' ? (joined.files.get('train.py') ?? '') : '', /^DEPTH = 9\nLR/);
  const deleted = edited('DEPTH = 8\n', '');
  assert.ok(deleted.kind === 'applied');
  assert.match(deleted.files.get('train.py') ?? '', /^LR/);
  assert.deepEqual(deleted.edits, [{ path: 'train.py', search: 'DEPTH = 8\n', replace: '' }]);
});
