import assert from 'node:assert/strict';
import { test } from 'node:test';
import { experiment } from '../campaign/snapshot.test-helper.ts';
import { pullDescription } from './pull.ts';

const { marker } = experiment(1, {
  idea: {
    title: 'warmdown 0.7 → 0.75',
    hypothesis: 'A longer warmdown helps.',
    edits: [{ path: 'trainer/train.py', search: 'A = 1', replace: 'A = 2\nB = 3' }],
  },
});

test('the description shows the change and its campaign', () => {
  const text = pullDescription(marker);
  assert.match(text, /\*\*Hypothesis\.\*\* A longer warmdown helps\./);
  assert.match(text, /```diff\n# trainer\/train\.py\n-A = 1\n\+A = 2\n\+B = 3\n```/);
  assert.match(
    text,
    /^Experiment 1 of campaign #3, proposed by `explore`, based on champion [0-9a-f]{7}\.$/m,
  );
});
