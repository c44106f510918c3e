import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAnswer } from './answer.ts';

test("a model's path is normalised, however it writes it", () => {
  for (const path of [
    'src/train.py',
    './src/train.py',
    'src//train.py',
    'src/./train.py',
    'src\\train.py',
    '.\\src\\train.py',
  ]) {
    const answer = readAnswer(JSON.stringify({ title: 'a', edits: [{ path, search: 'x', replace: 'y' }] }));
    assert.equal(answer.kind === 'idea' && answer.idea.edits[0]?.path, 'src/train.py', path);
  }
});
