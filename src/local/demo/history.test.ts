import assert from 'node:assert/strict';
import { test } from 'node:test';
import { campaign, experiment, sha, trial } from '../../campaign/snapshot.test-helper.ts';
import { currentChampion } from './history.ts';

test('the champion is the experiment that was merged last, whatever its number', () => {
  const { state } = campaign();
  assert.ok(state);
  const merge = (number: number, onTree: string, value: number) => {
    const measured = [trial(`3/${number}.1`, `tree ${number}`, value)];
    const reached = {
      kind: 'merge',
      cause: 'better',
      reason: '',
      value,
      championValue: 1,
      noise: 0,
      doubt: 0,
    } as const;
    const champion = { sha: sha(onTree), tree: sha(onTree) };
    return experiment(number, { trials: measured, verdict: reached, champion }, { state: 'merged' });
  };
  const experiments = [merge(1, 'champion tree', 0.9), merge(2, 'tree 3', 0.7), merge(3, 'tree 1', 0.8)];
  assert.equal(currentChampion({ state, experiments }), 0.7);
});
