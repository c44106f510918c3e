import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SIMPLER } from '../campaign/marker.ts';
import { campaign, experiment, sha, snapshot, trial } from '../campaign/snapshot.test-helper.ts';
import { statusComment } from './status.ts';

test('merges for shorter code are counted separately', () => {
  const verdict = (reason: string) =>
    ({ kind: 'merge', reason, value: 0.99, championValue: 1, noise: 0.002, doubt: 0.02 }) as const;
  const merged = (n: number, reason: string) =>
    experiment(
      n,
      { verdict: verdict(reason), trials: [trial(`3/${n}.1`, `tree ${n}`, 0.99)] },
      { state: 'merged' },
    );
  const there = campaign();
  const shown = snapshot({
    base: { branch: 'main', sha: sha('new'), tree: sha('tree 2') },
    campaigns: [there],
    experiments: [merged(1, 'Better than the champion.'), merged(2, SIMPLER)],
  });
  const text = there.state ? statusComment(shown, there, there.state) : '';
  assert.match(text, /\(−0\.0100 since the start, 2 merged, 1 of them for shorter code\)/);
});
