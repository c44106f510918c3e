import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { contractSchema } from '../../protocol/contract.ts';
import { describeAction } from '../action.ts';
import type { RecordedTrial } from '../marker.ts';
import { CLOSED, closed, planned } from '../plan.test-helper.ts';
import {
  attempt,
  audited,
  BASELINES,
  CRASH,
  campaign,
  experiment,
  FAULT,
  NOW,
  sha,
  snapshot,
  trial,
} from '../snapshot.test-helper.ts';
import { plan } from './plan.ts';

describe('an experiment', () => {
  const measured = (...values: number[]) =>
    experiment(1, { trials: values.map((value, i) => trial(`3/1.${i + 1}`, 'tree 1', value)) });

  test('is labelled, measured and confirmed before it is merged', () => {
    assert.equal(planned({ experiments: [experiment(1, {}, { labelled: false })] }), 'label #11');
    assert.equal(planned({ experiments: [experiment(1)] }), 'dispatch 3/1.1 seed 0');
    assert.equal(planned({ experiments: [measured(0.99)] }), 'dispatch 3/1.2 seed 1');
    assert.equal(planned({ experiments: [measured(0.98, 0.981)] }), 'merge #11');
  });

  test('is closed on the first trial that shows nothing', () => {
    assert.equal(planned({ experiments: [measured(1.01)] }), 'close #11');
  });

  test('waits for a free runner, but not for a trial whose run never came', () => {
    const other = (seconds: number) => attempt('3/0.4', null, null, seconds);
    assert.equal(planned({ experiments: [experiment(1)], attempts: [other(10)] }), 'wait');
    assert.equal(planned({ experiments: [experiment(1)], attempts: [other(600)] }), 'dispatch 3/1.1 seed 0');
  });

  test('counts the result of a completed check run', () => {
    const done = attempt('3/1.1', { status: 'completed' }, trial('3/1.1', 'tree 1', 1.01));
    assert.equal(planned({ experiments: [experiment(1)], attempts: [done] }), 'close #11');
  });

  test('that crashes is closed as a crash, even when another trial of it went well', () => {
    assert.equal(
      planned({
        experiments: [
          experiment(1, { trials: [trial('3/1.1', 'tree 1', 0.5), trial('3/1.2', 'tree 1', CRASH)] }),
        ],
      }),
      'crash #11',
    );
  });

  test("is not blamed for the machine's fault, but given up after the third", () => {
    const faults = (n: number) => Array.from({ length: n }, (_, i) => trial(`3/1.${i + 1}`, 'tree 1', FAULT));
    assert.equal(planned({ experiments: [experiment(1, { trials: faults(2) })] }), 'dispatch 3/1.3 seed 0');
    assert.equal(planned({ experiments: [experiment(1, { trials: faults(3) })] }), 'unmeasurable #11');
  });

  test('whose dispatch got lost is dispatched again after two minutes, under the same name', () => {
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

  test('does not wait for a trial of the champion that got lost and is not needed any more', () => {
    const orphan = attempt('3/0.4', null, null, 121);
    assert.equal(planned({ experiments: [experiment(1)], attempts: [orphan] }), 'dispatch 3/1.1 seed 0');
    const running = attempt('3/1.1', {});
    assert.equal(planned({ experiments: [experiment(1)], attempts: [orphan, running] }), 'tidy check 70');
  });

  test('that someone pushed to is held', () => {
    assert.match(
      planned({ experiments: [experiment(1, {}, { headSha: sha('other') })] }),
      /^paused: Someone pushed to #11/,
    );
  });

  test('that a person closed or merged gets a verdict that says so', () => {
    assert.equal(planned({ experiments: [experiment(1, {}, { state: 'closed' })] }), 'person #11');
    assert.equal(planned({ experiments: [experiment(1, {}, { state: 'merged' })] }), 'person #11');
  });

  test('measured under other conditions than the champion has the champion measured again', () => {
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

  test('measured on machines of two classes is judged by the one that the champion met, and there most often', () => {
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

test('the contract says how the gate judges', () => {
  const judged = (values: number[], gate = {}) => {
    const trials = values.map((value, i) => trial(`3/1.${i + 1}`, 'tree 1', value, { seed: i + 1 }));
    const contract = { kind: 'contract', contract: contractSchema.parse({ gate }) } as const;
    return planned({ contract, experiments: [experiment(1, { trials })] });
  };
  assert.equal(judged([0.994]), 'dispatch 3/1.2 seed 1');
  assert.equal(judged([0.994], { false_merges: 0.02 }), 'close #11');
  assert.equal(judged([0.996]), 'close #11');
  assert.equal(judged([0.996], { false_merges: 0.4 }), 'dispatch 3/1.2 seed 1');
  assert.equal(judged([0.996], { noise: 0.002 }), 'dispatch 3/1.2 seed 1');
  assert.equal(judged([0.996], { rule: 'greedy' }), 'merge #11');
  assert.equal(judged([0.996, 0.997]), 'dispatch 3/1.3 seed 2');
  assert.equal(judged([0.996, 0.997], { max_trials: 2 }), 'close #11');
});

test('an experiment whose trials never meet equal conditions is given up after twice the trials of the gate', () => {
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

test('a trial that a person wants comes before what many others say', () => {
  const trials = Array.from({ length: 8 }, (_, i) => trial(`3/1.${i + 1}`, 'tree 1', 1.001));
  const words = [
    { kind: 'rerun', by: 'bob', comment: 1, after: 8 },
    { kind: 'keep', by: 'bob', comment: 2, after: 8 },
  ] as const;
  assert.match(planned({ experiments: [experiment(1, { trials, words: [...words] })] }), /^dispatch 3\/1\.9/);
});

describe('a number that was refereed', () => {
  const flags = ['3 of 8192 blind predictions differ by more than 0.0001 nats'];
  const unaudited = { refereed: { ...audited(), audit: null } };
  const measured = (...more: Partial<RecordedTrial>[]) =>
    experiment(1, { trials: more.map((each, i) => trial(`3/1.${i + 1}`, 'tree 1', 0.9, each)) });

  test('leads to a merge only when it was audited; one that promises much without takes another trial', () => {
    assert.equal(planned({ experiments: [measured({}, {})] }), 'merge #11');
    assert.equal(planned({ experiments: [measured(unaudited)] }), 'dispatch 3/1.2 seed 1');
    assert.equal(planned({ experiments: [measured({ refereed: null })] }), 'dispatch 3/1.2 seed 1');
    assert.match(planned({ experiments: [measured(unaudited, unaudited)] }), /^dispatch 3\/1\.3/);
    const often = Array.from({ length: 8 }, () => unaudited);
    assert.equal(planned({ experiments: [measured(...often)] }), 'unmeasurable #11');
  });

  test('alone makes up the value that leads to a merge, and alone says whether it does', () => {
    const lucky = (value: number) =>
      experiment(1, {
        trials: [trial('3/1.1', 'tree 1', 0.8, unaudited), trial('3/1.2', 'tree 1', value, { seed: 2 })],
      });
    const merged = plan(snapshot({ experiments: [lucky(0.9)] }), NOW);
    assert.deepEqual(merged.kind === 'merge' && [merged.verdict.kind, merged.verdict.value], ['merge', 0.9]);
    assert.notEqual(planned({ experiments: [lucky(1.001)] }), 'merge #11');
  });

  test('on a machine that the champion had not met is measured again, and not closed for want of an audit', () => {
    const slow = { machine: 'older GPU' };
    const baselines = [...BASELINES, trial('3/0.4', 'champion tree', 1.1, { ...slow, seed: 4 })];
    const first = trial('3/1.1', 'tree 1', 1.02, { ...slow, ...unaudited });
    const campaigns = [campaign({ baselines })];
    assert.match(
      planned({ campaigns, experiments: [experiment(1, { trials: [first] })] }),
      /^dispatch 3\/1\.2/,
    );
  });

  test('needs no audit where the contract names no referee', () => {
    const contract = contractSchema.parse({ metric: { name: 'p99_ms', goal: 'minimize' } });
    const reported = measured({ refereed: null }, { refereed: null });
    assert.equal(planned({ contract: { kind: 'contract', contract }, experiments: [reported] }), 'merge #11');
  });

  test('that its audit does not agree with is never merged, and the campaign waits for a person', () => {
    const flagged = measured({}, { refereed: audited(flags) });
    const action = plan(snapshot({ experiments: [flagged] }), NOW);
    assert.equal(describeAction(action), 'flagged #11');
    assert.match(
      action.kind === 'close' ? action.verdict.reason : '',
      /The audit of trial 3\/1\.2 does not agree with the number: 3 of 8192/,
    );
    const settled = closed(1, { ...CLOSED, kind: 'flagged' });
    assert.match(planned({ experiments: [settled] }), /^paused: #11 is not to be trusted/);
    const seen = [campaign({ notices: ['flagged 11'], forgiven: { baselines: 0, experiments: 2 } })];
    assert.equal(planned({ campaigns: seen, experiments: [settled] }), 'think of an idea');
    const another = closed(2, { ...CLOSED, kind: 'flagged' });
    assert.match(
      planned({ campaigns: seen, experiments: [settled, another] }),
      /^paused: #12 is not/,
      'one that was still running when a person let the campaign go on',
    );
  });

  test('of a champion whose own audit fails pauses the campaign before any idea is tried', () => {
    const first = trial('3/0.1', 'champion tree', 1, { refereed: audited(flags) });
    assert.match(
      planned({ campaigns: [campaign({ baselines: [first] })] }),
      /^paused: The audit of the champion .* does not agree with its number: `3 of 8192/,
    );
  });
});

test('a gain far beyond the effects of all ideas before it is held for a person, not merged', () => {
  const before = [1.004, 1.01, 1.002, 1.006, 1.003].map((value, i) => {
    const trials = [trial(`3/${i + 2}.1`, `tree ${i + 2}`, value)];
    return experiment(i + 2, { trials, verdict: CLOSED }, { state: 'closed' });
  });
  const trials = [0.7, 0.701].map((value, i) => trial(`3/1.${i + 1}`, 'tree 1', value));
  assert.equal(planned({ experiments: [experiment(1, { trials }), ...before] }), 'hold #11');
  assert.equal(planned({ experiments: [experiment(1, { trials }), ...before.slice(1)] }), 'merge #11');
});

describe('when the champion moved while a candidate was measured', () => {
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

  test('a promising one is restacked and measured again, never merged', () => {
    assert.equal(planned({ base, experiments: [stale(0.8), merged] }), 'restack #11');
    assert.equal(planned({ base, experiments: [experiment(1), merged] }), 'restack #11');
  });

  test('a hopeless one is closed without that', () => {
    assert.equal(planned({ base, experiments: [stale(1.2), merged] }), 'close #11');
  });

  test('two restacks are enough', () => {
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

  test('the merged tree needs no baselines: it inherits its trials', () => {
    assert.equal(planned({ base, experiments: [merged] }), 'think of an idea');
  });
});
