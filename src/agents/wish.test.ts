import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyEdits } from './edit.ts';
import { wishedIdea } from './wish.ts';

const TRAIN = 'WEIGHT_DECAY = 0.2  # on matrices\nDEPTH = 8\nTOTAL_BATCH_SIZE = 2**19\nUSE_BIAS = False\n';
const files = new Map([
  ['train.py', TRAIN],
  ['model.yaml', 'optimizer:\n  lr: 1e-3\nscheduler:\n  lr: 0.5\n'],
]);

/** The files after the edit, or why there is none. */
function wish(text: string): string {
  const wished = wishedIdea(text, files);
  if (wished.kind === 'refused') return wished.reason;
  const applied = applyEdits(files, wished.idea.edits, [...files.keys()]);
  return applied.kind === 'applied' ? [...applied.files.values()].join('') : applied.reason;
}

test('a requested value replaces the old one, and the rest of the line stays', () => {
  assert.equal(wish('WEIGHT_DECAY = 0.1'), TRAIN.replace('0.2', '0.1'));
  assert.equal(wish(' TOTAL_BATCH_SIZE=2**18 '), TRAIN.replace('2**19', '2**18'));
  assert.equal(wish('USE_BIAS = True'), TRAIN.replace('False', 'True'));
  assert.match(wish('optimizer.lr = 2e-3'), /optimizer:\n {2}lr: 2e-3\n/);
  assert.match(wish('optimizer.lr: 2e-3'), /optimizer:\n {2}lr: 2e-3\n/);
  const wished = wishedIdea('DEPTH = 10', files);
  assert.equal(wished.kind === 'idea' && wished.idea.title, 'DEPTH 8 → 10');
});

test('a refusal hides no name, and names the one that was nearly right', () => {
  const many = Array.from({ length: 40 }, (_, i) => `SETTING_${i} = ${i}`).join('\n');
  const refused = wishedIdea('SETING_7 = 3', new Map([['train.py', many]]));
  const reason = refused.kind === 'refused' ? refused.reason : '';
  assert.match(reason, /Did you mean `SETTING_7`\?/);
  assert.match(reason, /`SETTING_39`\)/);
});

test('anything else is refused with what is supported', () => {
  for (const [text, expected] of [
    [
      'a deeper model',
      /^Cannot turn `a deeper model` into an edit\. The built-in agent takes `NAME = VALUE` .*\(`WEIGHT_DECAY`, `DEPTH`, .*\)\. Ideas in plain language need/,
    ],
    ['WIDTH = 3', /^Cannot turn `WIDTH = 3` into an edit\. .*`DEPTH`/],
    [
      'lr = 0.1',
      /^`lr` is ambiguous: `optimizer\.lr` in `model\.yaml`, `scheduler\.lr` in `model\.yaml`\. Use the longer name\.$/,
    ],
    ['DEPTH = 8', /^`DEPTH` is already `8`\.$/],
    ['DEPTH = 8.0', /is already `8`/],
    ['DEPTH = deep', /Expected another value of the same kind, found `deep`/],
    ['DEPTH = 8;import', /found `8;import`/],
    ['USE_BIAS = 1', /is `False`\. Expected another value of the same kind, found `1`/],
  ] as const)
    assert.match(wish(text), expected);
  const nothing = wishedIdea('DEPTH = 9', new Map([['notes.txt', 'DEPTH = 8']]));
  assert.match(nothing.kind === 'refused' ? nothing.reason : '', /and there are none\./);
});
