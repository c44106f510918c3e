import assert from 'node:assert/strict';
import { test } from 'node:test';
import { campaign, experiment, sha, snapshot, trial } from '../campaign/snapshot.test-helper.ts';
import { statusComment } from './status.ts';

test('what was merged for shorter code is counted apart', () => {
  const verdict = (cause: 'better' | 'simpler') =>
    ({ kind: 'merge', cause, reason: '', value: 0.99, championValue: 1, noise: 0.002, doubt: 0.02 }) as const;
  const merged = (n: number, cause: 'better' | 'simpler') =>
    experiment(
      n,
      { verdict: verdict(cause), trials: [trial(`3/${n}.1`, `tree ${n}`, 0.99)] },
      { state: 'merged' },
    );
  const there = campaign();
  const shown = snapshot({
    base: { branch: 'main', sha: sha('new'), tree: sha('tree 2') },
    campaigns: [there],
    experiments: [merged(1, 'better'), merged(2, 'simpler')],
  });
  const text = there.state ? statusComment(shown, there, there.state) : '';
  assert.match(text, /\(−0\.0100 since the start, 2 merged, 1 of them for shorter code\)/);
});
