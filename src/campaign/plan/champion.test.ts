import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LOST_MACHINE } from '../evidence/faults.ts';
import { CLOSED, planned, thought } from '../plan.test-helper.ts';
import {
  attempt,
  BASELINES,
  CRASH,
  campaign,
  experiment,
  FAULT,
  sha,
  trial,
} from '../snapshot.test-helper.ts';

describe('the champion is measured first', () => {
  const starting = (trials = BASELINES.slice(0, 0)) => [campaign({ baselines: trials })];

  test('with three baseline trials, one after the other, each on its own seed', () => {
    assert.equal(planned({ campaigns: starting() }), 'dispatch 3/0.1 seed 0');
    assert.equal(planned({ campaigns: starting(BASELINES.slice(0, 2)) }), 'dispatch 3/0.3 seed 2');
    assert.equal(planned({}), 'think of an idea');
  });

  test('a trial in flight is waited for, then recorded', () => {
    const running = { campaigns: starting(), attempts: [attempt('3/0.1', {})] };
    assert.equal(planned(running), 'think of an idea', 'meanwhile');
    assert.equal(planned({ ...running, thoughts: [thought(1, 'idea')] }), 'wait');
    assert.equal(
      planned({ campaigns: starting(), attempts: [attempt('3/0.1', { status: 'completed' })] }),
      'record 3/0.1',
    );
    const measured = attempt('3/0.1', { status: 'completed' }, BASELINES[0] ?? null);
    assert.equal(
      planned({ campaigns: starting(), attempts: [measured] }),
      'record 3/0.1',
      'the marker still lacks it',
    );
  });

  test('a trial with a machine error is repeated under a new name, twice', () => {
    const faults = [1, 2].map(k => trial(`3/0.${k}`, 'champion tree', FAULT));
    assert.equal(planned({ campaigns: starting(faults) }), 'dispatch 3/0.3 seed 0');
    const three = [...faults, trial('3/0.3', 'champion tree', FAULT)];
    assert.match(
      planned({ campaigns: starting(three) }),
      /^paused: The champion could not be measured: 3 trials .* unplugged/,
    );
    const forgiven = [campaign({ baselines: three, forgiven: { baselines: 3, experiments: 0 } })];
    assert.equal(planned({ campaigns: forgiven }), 'dispatch 3/0.4 seed 0', 'a person resumed');
  });

  test('a runner that was stopped in the middle of a trial counts half against the machine', () => {
    const lost = (count: number) =>
      Array.from({ length: count }, (_, i) =>
        trial(`3/0.${i + 1}`, 'champion tree', FAULT, { machine: LOST_MACHINE }),
      );
    assert.equal(planned({ campaigns: starting(lost(5)) }), 'dispatch 3/0.6 seed 0');
    assert.match(planned({ campaigns: starting(lost(6)) }), /^paused: .*6 trials failed/);
    const both = [...lost(2), ...[3, 4].map(k => trial(`3/0.${k}`, 'champion tree', FAULT))];
    assert.match(planned({ campaigns: starting(both) }), /^paused: .*4 trials failed/);
  });

  test('a champion that crashes pauses the campaign', () => {
    const crash = [trial('3/0.1', 'champion tree', CRASH)];
    assert.match(
      planned({ campaigns: starting(crash) }),
      /^paused: The champion .* crashes \(exception\): `ValueError: no`/,
    );
  });

  test('a champion that was measured before and crashes is measured again, and then the machine is to blame', () => {
    const good = [trial('3/0.1', 'champion tree', 1.0)];
    const crashes = [2, 3, 4].map(k => trial(`3/0.${k}`, 'champion tree', CRASH));
    const after = (count: number) => planned({ campaigns: starting([...good, ...crashes.slice(0, count)]) });
    assert.equal(after(1), 'dispatch 3/0.3 seed 1');
    assert.equal(after(2), 'dispatch 3/0.4 seed 1');
    assert.match(
      after(3),
      /^paused: 3 trials of the champion .* crashed, last \(exception\): `ValueError: no`\. The same code was measured once before, so this is probably the machine\. Check the runner/,
    );
  });

  test('a base that someone pushed to is measured before anything is judged', () => {
    const base = { branch: 'main', sha: sha('pushed'), tree: sha('pushed tree') };
    const promising = experiment(1, {
      trials: [trial('3/1.1', 'tree 1', 0.9), trial('3/1.2', 'tree 1', 0.9)],
    });
    assert.equal(planned({ base, experiments: [promising] }), 'dispatch 3/0.4 seed 0');
  });

  test('on as many runners as there are, each trial on its own seed', () => {
    const parallel = (n: number, attempts: string[], baselines = BASELINES.slice(0, 0)) =>
      planned({
        campaigns: [campaign({ parallel: n, baselines })],
        attempts: attempts.map(id => attempt(id, {})),
        thoughts: [thought(1, 'thinking')],
      });
    assert.equal(parallel(2, ['3/0.1']), 'dispatch 3/0.2 seed 1');
    assert.equal(parallel(2, ['3/0.1', '3/0.2']), 'think of an idea');
    assert.equal(
      parallel(9, ['3/0.1', '3/0.3'], BASELINES.slice(1, 2)),
      'think of an idea',
      'three are enough',
    );
    assert.equal(parallel(9, ['3/0.1', '3/0.2']), 'dispatch 3/0.3 seed 2');
  });

  test('trials of another training time do not count', () => {
    assert.equal(planned({ campaigns: [campaign({ budgetSeconds: 60 })] }), 'dispatch 3/0.4 seed 0');
  });
});

describe('after an experiment with only machine errors', () => {
  const faults = [5, 6, 7].map(runId => trial(`3/1.${runId}`, 'tree 1', FAULT, { runId }));
  const verdict = { ...CLOSED, kind: 'unmeasurable' } as const;
  const broken = experiment(1, { verdict, trials: faults }, { state: 'closed' });
  const after = (...outcomes: (number | typeof FAULT)[]) => {
    const checks = outcomes.map((outcome, i) =>
      trial(`3/0.${i + 4}`, 'champion tree', outcome, { runId: 8 + i, seed: i + 1 }),
    );
    return { experiments: [broken], campaigns: [campaign({ baselines: [...BASELINES, ...checks] })] };
  };

  test('the champion is measured, and if that works the campaign continues', () => {
    assert.equal(planned(after()), 'dispatch 3/0.4 seed 3');
    assert.equal(planned(after(FAULT)), 'dispatch 3/0.5 seed 3');
    assert.equal(planned(after(FAULT, 1.001)), 'think of an idea');
  });

  test('the campaign pauses if the champion cannot be measured either', () => {
    const reason = /^paused: The champion could not be measured: 3 trials .* unplugged/;
    assert.match(planned(after(FAULT, FAULT, FAULT)), reason);
    const { experiments, campaigns } = after(FAULT, FAULT, FAULT);
    const forgiven = { experiments: 1, baselines: 6 };
    const resumed = campaign({ baselines: campaigns[0]?.state?.baselines ?? [], forgiven });
    assert.equal(planned({ experiments, campaigns: [resumed] }), 'think of an idea');
  });
});
