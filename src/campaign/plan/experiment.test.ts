import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LOST_MACHINE } from '../evidence/faults.ts';
import { CLOSED, planned } from '../plan.test-helper.ts';
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

describe('an experiment', () => {
  const measured = (...values: number[]) =>
    experiment(1, { trials: values.map((value, i) => trial(`3/1.${i + 1}`, 'tree 1', value)) });

  test('is labelled, measured and confirmed before it is merged', () => {
    assert.equal(planned({ experiments: [experiment(1, {}, { labelled: false })] }), 'label #11');
    assert.equal(planned({ experiments: [experiment(1)] }), 'dispatch 3/1.1 seed 0');
    assert.equal(planned({ experiments: [measured(0.99)] }), 'dispatch 3/1.2 seed 1');
    assert.equal(planned({ experiments: [measured(0.98, 0.981)] }), 'merge #11');
  });

  test('is closed after a first trial that shows no improvement', () => {
    assert.equal(planned({ experiments: [measured(1.01)] }), 'close #11');
  });

  test('waits for a free runner, but not for a trial whose run never appeared', () => {
    const other = (seconds: number) => attempt('3/0.4', null, null, seconds);
    assert.equal(planned({ experiments: [experiment(1)], attempts: [other(10)] }), 'wait');
    assert.equal(planned({ experiments: [experiment(1)], attempts: [other(600)] }), 'dispatch 3/1.1 seed 0');
  });

  test('uses the result in a completed check run', () => {
    const done = attempt('3/1.1', { status: 'completed' }, trial('3/1.1', 'tree 1', 1.01));
    assert.equal(planned({ experiments: [experiment(1)], attempts: [done] }), 'close #11');
  });

  test('that crashes is closed as a crash, even if another of its trials was measured', () => {
    assert.equal(
      planned({
        experiments: [
          experiment(1, { trials: [trial('3/1.1', 'tree 1', 0.5), trial('3/1.2', 'tree 1', CRASH)] }),
        ],
      }),
      'crash #11',
    );
  });

  test('is measured again after a machine error, and closed as unmeasurable after the third', () => {
    const faults = (n: number) => Array.from({ length: n }, (_, i) => trial(`3/1.${i + 1}`, 'tree 1', FAULT));
    assert.equal(planned({ experiments: [experiment(1, { trials: faults(2) })] }), 'dispatch 3/1.3 seed 0');
    assert.equal(planned({ experiments: [experiment(1, { trials: faults(3) })] }), 'unmeasurable #11');
    const lost = [1, 2, 3].map(k => trial(`3/1.${k}`, 'tree 1', FAULT, { machine: LOST_MACHINE }));
    assert.equal(planned({ experiments: [experiment(1, { trials: lost })] }), 'dispatch 3/1.4 seed 0');
  });

  test('whose dispatch got lost is dispatched again after two minutes under the same name', () => {
    const lost = (seconds: number) => ({
      experiments: [experiment(1)],
      attempts: [attempt('3/1.1', null, null, seconds)],
    });
    assert.equal(planned(lost(100)), 'wait');
    assert.equal(planned(lost(121)), 'dispatch 3/1.1 seed 0');
    const { experiments, attempts } = lost(121);
    const meanwhile = attempt('3/2.1', {});
    const crowded = { experiments: [...experiments, experiment(2)], attempts: [...attempts, meanwhile] };
    assert.equal(planned(crowded), 'wait', 'another took its runner');
  });

  test('does not wait for a lost trial of the champion that is not needed any more', () => {
    const orphan = attempt('3/0.4', null, null, 121);
    assert.equal(planned({ experiments: [experiment(1)], attempts: [orphan] }), 'dispatch 3/1.1 seed 0');
    const running = attempt('3/1.1', {});
    assert.equal(planned({ experiments: [experiment(1)], attempts: [orphan, running] }), 'tidy check 70');
  });

  test('that someone pushed to pauses the campaign', () => {
    assert.match(
      planned({ experiments: [experiment(1, {}, { headSha: sha('other') })] }),
      /^paused: Someone pushed to #11/,
    );
  });

  test('that a person closed or merged gets a verdict that says so', () => {
    assert.equal(planned({ experiments: [experiment(1, {}, { state: 'closed' })] }), 'person #11');
    assert.equal(planned({ experiments: [experiment(1, {}, { state: 'merged' })] }), 'person #11');
  });

  test('whose last doubt is what the champion scores has it measured again, at most twice', () => {
    const trials = [0.997, 0.998, 0.996, 0.997].map((value, k) =>
      trial(`3/1.${k + 1}`, 'tree 1', value, { seed: k + 1, runId: 10 + k }),
    );
    const experiments = [experiment(1, { trials })];
    const asked = (...values: number[]) =>
      planned({
        campaigns: [
          campaign({
            baselines: [
              ...BASELINES,
              ...values.map((value, k) =>
                trial(`3/0.${k + 4}`, 'champion tree', value, { seed: k + 4, runId: 20 + k }),
              ),
            ],
          }),
        ],
        experiments,
      });
    assert.equal(asked(), 'dispatch 3/0.4 seed 3', 'on a seed that it has not run on');
    assert.equal(planned({ experiments, attempts: [attempt('3/0.4', {})] }), 'wait');
    assert.equal(asked(1.003, 1.004), 'merge #11');
    assert.equal(asked(0.997, 0.9965), 'close #11');
    // Whatever they show, and under whatever conditions: the third time, what is known decides.
    const elsewhere = [4, 5].map(k =>
      trial(`3/0.${k}`, 'champion tree', 1, { machine: 'another GPU', seed: k, runId: 20 + k }),
    );
    const campaigns = [campaign({ baselines: [...BASELINES, ...elsewhere] })];
    assert.match(planned({ campaigns, experiments }), /^(close|merge) #11$/);
    assert.match(
      planned({
        campaigns: [
          campaign({ baselines: [...BASELINES, elsewhere[0] ?? trial('3/0.4', 'champion tree', 1)] }),
        ],
        experiments,
      }),
      /^dispatch 3\/0\.5 seed 4$/,
    );
  });

  test('that was measured under other conditions than the champion has the champion measured again', () => {
    const elsewhere = experiment(1, { trials: [trial('3/1.1', 'tree 1', 0.9, { machine: 'another GPU' })] });
    assert.equal(planned({ experiments: [elsewhere] }), 'dispatch 3/0.4 seed 0');
    const again = [...BASELINES, trial('3/0.4', 'champion tree', 1, { machine: 'another GPU' })];
    assert.equal(
      planned({ campaigns: [campaign({ baselines: again })], experiments: [elsewhere] }),
      'dispatch 3/1.2 seed 1',
    );
    const faulty = [
      ...BASELINES,
      trial('3/0.4', 'champion tree', FAULT),
      trial('3/0.5', 'champion tree', FAULT),
    ];
    assert.equal(
      planned({ campaigns: [campaign({ baselines: faulty })], experiments: [elsewhere] }),
      'dispatch 3/0.6 seed 0',
    );
    const broken = [...faulty, trial('3/0.6', 'champion tree', FAULT)];
    assert.match(
      planned({ campaigns: [campaign({ baselines: broken })], experiments: [elsewhere] }),
      /^paused: The champion could not be measured/,
    );
    const never = Array.from({ length: 9 }, (_, i) => trial(`3/0.${i + 1}`, 'champion tree', 1));
    const campaigns = [campaign({ baselines: never })];
    assert.equal(planned({ campaigns, experiments: [elsewhere] }), 'dispatch 3/1.2 seed 1');
    const everElsewhere = Array.from({ length: 8 }, (_, i) =>
      trial(`3/1.${i + 1}`, 'tree 1', 0.9, { machine: `GPU ${i}` }),
    );
    assert.equal(
      planned({ campaigns, experiments: [experiment(1, { trials: everElsewhere })] }),
      'unmeasurable #11',
    );
  });

  test('that was measured on two classes of machine is judged by the one that it shares with the champion', () => {
    const on = (machine: string) => ({ machine });
    const here = (k: number, value: number) => trial(`3/1.${k}`, 'tree 1', value);
    const there = (k: number, value: number) => trial(`3/1.${k}`, 'tree 1', value, on('another GPU'));
    const strange = [there(1, 0.5), here(2, 1.01)];
    assert.equal(planned({ experiments: [experiment(1, { trials: strange })] }), 'close #11');
    const known = [...BASELINES, trial('3/0.4', 'champion tree', 0.5, on('another GPU'))];
    const often = [here(1, 1.01), there(2, 0.6), there(3, 0.61)];
    const campaigns = [campaign({ baselines: known })];
    assert.equal(planned({ campaigns, experiments: [experiment(1, { trials: often })] }), 'close #11');
    const better = [here(1, 1.01), there(2, 0.4), there(3, 0.41)];
    assert.equal(planned({ campaigns, experiments: [experiment(1, { trials: better })] }), 'merge #11');
  });
});

test("an experiment whose trials never run under equal conditions is closed after twice the gate's trials", () => {
  const changing = (n: number) =>
    experiment(1, {
      trials: Array.from({ length: n }, (_, i) =>
        trial(`3/1.${i + 1}`, 'tree 1', 0.99, i === 0 ? {} : { machine: `GPU ${i}` }),
      ),
    });
  assert.match(planned({ experiments: [changing(7)] }), /^dispatch 3\/1\.8/);
  assert.equal(planned({ experiments: [changing(8)] }), 'unmeasurable #11');
  const base = { branch: 'main', sha: sha('new'), tree: sha('champion tree') };
  assert.equal(
    planned({ base, experiments: [changing(8)] }),
    'restack #11',
    'made again, it gets new trials',
  );
});

test('a requested rerun comes before a verdict from earlier trials', () => {
  const trials = Array.from({ length: 8 }, (_, i) => trial(`3/1.${i + 1}`, 'tree 1', 1.001));
  const words = [
    { kind: 'rerun', by: 'bob', comment: 1, after: 8 },
    { kind: 'keep', by: 'bob', comment: 2, after: 8 },
  ] as const;
  assert.match(planned({ experiments: [experiment(1, { trials, words: [...words] })] }), /^dispatch 3\/1\.9/);
});

describe('if the champion changed while a candidate was measured', () => {
  const base = { branch: 'main', sha: sha('new'), tree: sha('tree 2') };
  const merged = experiment(
    2,
    {
      trials: [trial('3/2.1', 'tree 2', 0.95), trial('3/2.2', 'tree 2', 0.951)],
      verdict: { ...CLOSED, kind: 'merge' },
    },
    { state: 'merged' },
  );
  const stale = (value: number, more = {}) =>
    experiment(1, { trials: [trial('3/1.1', 'tree 1', value), trial('3/1.2', 'tree 1', value)], ...more });

  test('a promising candidate is restacked and measured again, never merged', () => {
    assert.equal(planned({ base, experiments: [stale(0.8), merged] }), 'restack #11');
    assert.equal(planned({ base, experiments: [experiment(1), merged] }), 'restack #11');
  });

  test('a hopeless candidate is closed without a restack', () => {
    assert.equal(planned({ base, experiments: [stale(1.2), merged] }), 'close #11');
  });

  test('a candidate is restacked at most twice', () => {
    assert.equal(planned({ base, experiments: [stale(0.8, { restacks: 2 }), merged] }), 'superseded #11');
  });

  test('a restack that was interrupted is finished', () => {
    const half = experiment(
      1,
      { champion: { sha: base.sha, tree: base.tree }, previous: sha('commit old'), staleTrials: 2 },
      { headSha: sha('commit old') },
    );
    assert.equal(planned({ base, experiments: [half, merged] }), 'move #11');
    const whole = { ...half, headSha: half.marker.commit };
    assert.equal(
      planned({ base, experiments: [whole, merged] }),
      'dispatch 3/1.3 seed 0',
      'stale trials keep their names',
    );
  });

  test('a merged experiment needs no baselines: the champion inherits its trials', () => {
    assert.equal(planned({ base, experiments: [merged] }), 'think of an idea');
  });
});
