import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyEdits } from './edit.ts';
import { wishedIdea } from './wish.ts';

const TRAIN = 'WEIGHT_DECAY = 0.2  # on matrices\nDEPTH = 8\nTOTAL_BATCH_SIZE = 2**19\nUSE_BIAS = False\n';
const files = new Map([
  ['train.py', TRAIN],
  ['model.yaml', 'optimizer:\n  lr: 1e-3\nscheduler:\n  lr: 0.5\n'],
]);

/** The file after the wish came true, or why it cannot. */
function wish(text: string): string {
  const wished = wishedIdea(text, files);
  if (wished.kind === 'refused') return wished.reason;
  const applied = applyEdits(files, wished.idea.edits, [...files.keys()]);
  return applied.kind === 'applied' ? [...applied.files.values()].join('') : applied.reason;
}

test('a person names a constant and its new value, and the rest of the line stays', () => {
  assert.equal(wish('WEIGHT_DECAY = 0.1'), TRAIN.replace('0.2', '0.1'));
  assert.equal(wish(' TOTAL_BATCH_SIZE=2**18 '), TRAIN.replace('2**19', '2**18'));
  assert.equal(wish('USE_BIAS = True'), TRAIN.replace('False', 'True'));
  assert.match(wish('optimizer.lr = 2e-3'), /optimizer:\n {2}lr: 2e-3\n/);
  const wished = wishedIdea('DEPTH = 10', files);
  assert.equal(wished.kind === 'idea' && wished.idea.title, 'DEPTH 8 → 10');
});

test('anything else is refused with what would be understood', () => {
  for (const [text, expected] of [
    ['a deeper model', /understands `NAME = VALUE` .*\(`WEIGHT_DECAY`, `DEPTH`.* Found `a deeper model`/],
    ['WIDTH = 3', /`DEPTH`.* Found `WIDTH = 3`/],
    ['lr = 0.1', /2 constants of that name: `optimizer\.lr` in `model\.yaml`, `scheduler\.lr`/],
    ['DEPTH = 8', /is `8` already/],
    ['DEPTH = 8.0', /is `8` already/],
    ['DEPTH = deep', /expected another value of that kind, found `deep`/],
    ['DEPTH = 8;import', /found `8;import`/],
    ['USE_BIAS = 1', /is `False`; expected another value of that kind, found `1`/],
  ] as const)
    assert.match(wish(text), expected);
  const nothing = wishedIdea('DEPTH = 9', new Map([['notes.txt', 'DEPTH = 8']]));
  assert.match(nothing.kind === 'refused' ? nothing.reason : '', /finds none there/);
});
