import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CRASH, trial } from '../campaign/snapshot.test-helper.ts';
import { contractSchema } from '../protocol/contract.ts';
import { checkConclusion, completedCheck } from './check.ts';

const contract = contractSchema.parse({});
const higher = contractSchema.parse({ metric: { name: 'accuracy', goal: 'maximize' } });
const scored = (value: number) => trial('3/1.1', 'tree 1', value);

test('only the champion and what scored better than it have a green tick', () => {
  assert.equal(checkConclusion(contract, scored(0.9), false, 1), 'success');
  assert.equal(checkConclusion(contract, scored(1.1), false, 1), 'neutral');
  assert.equal(checkConclusion(contract, scored(1), false, 1), 'neutral');
  assert.equal(checkConclusion(contract, scored(0.9), false, null), 'neutral');
  assert.equal(checkConclusion(higher, scored(1.1), false, 1), 'success');
  assert.equal(checkConclusion(contract, scored(1.1), true, null), 'success');
  assert.equal(checkConclusion(contract, trial('3/1.1', 'tree 1', CRASH), false, 1), 'failure');
});

test('the summary compares the trial with the champion and says which way is better', () => {
  const { summary } = completedCheck(contract, scored(1.0012), 1, '');
  assert.match(summary, /^0\.0012 worse than the champion's mean \(1\.0000\)\. Lower is better\./);
  assert.doesNotMatch(completedCheck(contract, scored(1), null, '').summary, /champion/);
});
