import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CLOSED, planned } from '../plan.test-helper.ts';
import { BASELINES, CRASH, campaign, experiment, FAULT, trial } from '../snapshot.test-helper.ts';
import { doubtfulCrashes } from './doubt.ts';

const crash = (n: number, runId: number, k = 1) => trial(`3/${n}.${k}`, `tree ${n}`, CRASH, { runId });
const fault = (n: number, runId: number, k = 1) => trial(`3/${n}.${k}`, `tree ${n}`, FAULT, { runId });
const VERDICT = { ...CLOSED, kind: 'crash' } as const;

describe('a crash next to a machine error', () => {
  const after = (trials: ReturnType<typeof crash>[], before = FAULT as typeof FAULT | number) => {
    const check = trial('3/0.4', 'champion tree', before, { runId: 20, seed: 1 });
    return {
      campaigns: [campaign({ baselines: [...BASELINES, check] })],
      experiments: [experiment(1, { trials })],
    };
  };

  test('is tried once more before it counts', () => {
    assert.match(planned(after([crash(1, 21)])), /^dispatch 3\/1\.2/);
    assert.match(planned(after([crash(1, 21), crash(1, 22, 2)])), /^crash #/);
  });

  test('counts at once if what ran before was fine', () => {
    assert.match(planned(after([crash(1, 21)], 1.001)), /^crash #/);
  });
});

describe('in hindsight', () => {
  const closed = (n: number, trials: ReturnType<typeof crash>[]) =>
    experiment(n, { verdict: VERDICT, trials }, { state: 'closed' });
  const { state } = campaign({ baselines: BASELINES });
  assert.ok(state);

  test('what crashed before a machine error, with no good trial in between, is asked for again, once', () => {
    const experiments = [
      closed(6, [crash(6, 29)]),
      experiment(7, { trials: [trial('3/7.1', 'tree 7', 0.9, { runId: 30 })] }),
      closed(1, [crash(1, 31)]),
      closed(2, [crash(2, 32)]),
      experiment(3, { trials: [fault(3, 33)] }),
      closed(4, [crash(4, 35), crash(4, 36, 2)]),
    ];
    const found = doubtfulCrashes(state, experiments);
    assert.deepEqual(
      found.map(({ pull, comment }) => [pull, comment]),
      [2, 3].map(at => [experiments[at]?.pull, -(experiments[at]?.pull ?? 0)]),
    );
    const again = found.map((asked, i) => experiment(8 + i, { asked }));
    assert.deepEqual(doubtfulCrashes(state, [...experiments, ...again]), []);
    assert.deepEqual(doubtfulCrashes({ ...state, asked: found }, experiments), []);
  });
});
