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

test("the gate's rules come from the contract", () => {
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

describe('with a referee', () => {
  const flags = ['3 of 8192 blind predictions differ by more than 0.0001 nats'];
  const unaudited = { refereed: { ...audited(), audit: null } };
  const measured = (...more: Partial<RecordedTrial>[]) =>
    experiment(1, { trials: more.map((each, i) => trial(`3/1.${i + 1}`, 'tree 1', 0.9, each)) });

  test('only an audited score leads to a merge; a promising one without an audit gets another trial', () => {
    assert.equal(planned({ experiments: [measured({}, {})] }), 'merge #11');
    assert.equal(planned({ experiments: [measured(unaudited)] }), 'dispatch 3/1.2 seed 1');
    assert.equal(planned({ experiments: [measured({ refereed: null })] }), 'dispatch 3/1.2 seed 1');
    assert.match(planned({ experiments: [measured(unaudited, unaudited)] }), /^dispatch 3\/1\.3/);
    const often = Array.from({ length: 8 }, () => unaudited);
    assert.equal(planned({ experiments: [measured(...often)] }), 'unmeasurable #11');
  });

  test('only audited scores count for a merge', () => {
    const lucky = (value: number) =>
      experiment(1, {
        trials: [trial('3/1.1', 'tree 1', 0.8, unaudited), trial('3/1.2', 'tree 1', value, { seed: 2 })],
      });
    const merged = plan(snapshot({ experiments: [lucky(0.9)] }), NOW);
    assert.deepEqual(merged.kind === 'merge' && [merged.verdict.kind, merged.verdict.value], ['merge', 0.9]);
    assert.notEqual(planned({ experiments: [lucky(1.001)] }), 'merge #11');
  });

  test('a score from a new class of machine is measured again, not closed for lack of an audit', () => {
    const slow = { machine: 'older GPU' };
    const baselines = [...BASELINES, trial('3/0.4', 'champion tree', 1.1, { ...slow, seed: 4 })];
    const first = trial('3/1.1', 'tree 1', 1.02, { ...slow, ...unaudited });
    const campaigns = [campaign({ baselines })];
    assert.match(
      planned({ campaigns, experiments: [experiment(1, { trials: [first] })] }),
      /^dispatch 3\/1\.2/,
    );
  });

  test('without a referee in the contract, no audit is needed', () => {
    const contract = contractSchema.parse({ metric: { name: 'p99_ms', goal: 'minimize' } });
    const reported = measured({ refereed: null }, { refereed: null });
    assert.equal(planned({ contract: { kind: 'contract', contract }, experiments: [reported] }), 'merge #11');
  });

  test('an experiment that its audit disagrees with is never merged, and the campaign pauses for review', () => {
    const flagged = measured({}, { refereed: audited(flags) });
    const action = plan(snapshot({ experiments: [flagged] }), NOW);
    assert.equal(describeAction(action), 'flagged #11');
    assert.match(
      action.kind === 'close' ? action.verdict.reason : '',
      /The audit of trial 3\/1\.2 disagrees with its score: 3 of 8192/,
    );
    const settled = closed(1, { ...CLOSED, kind: 'flagged' });
    assert.match(planned({ experiments: [settled] }), /^paused: #11 was flagged by its audit/);
    const seen = [campaign({ notices: ['flagged 11'], forgiven: { baselines: 0, experiments: 2 } })];
    assert.equal(planned({ campaigns: seen, experiments: [settled] }), 'think of an idea');
    const another = closed(2, { ...CLOSED, kind: 'flagged' });
    assert.match(
      planned({ campaigns: seen, experiments: [settled, another] }),
      /^paused: #12 was flagged/,
      'one that was still being measured when a person resumed',
    );
  });

  test('a champion that fails its audit pauses the campaign before any idea is tried', () => {
    const first = trial('3/0.1', 'champion tree', 1, { refereed: audited(flags) });
    assert.match(
      planned({ campaigns: [campaign({ baselines: [first] })] }),
      /^paused: The audit of the champion .* disagrees with its score: `3 of 8192/,
    );
  });
});

test('the reason for closing an idea says whether it scored better', () => {
  const reasonFor = (value: number, rules: object) => {
    const trials = [1, 2, 3, 4].map(k => trial(`3/1.${k}`, 'tree 1', value, { seed: k }));
    const contract = contractSchema.parse(rules);
    const action = plan(
      snapshot({ contract: { kind: 'contract', contract }, experiments: [experiment(1, { trials })] }),
      NOW,
    );
    return action.kind === 'close' ? action.verdict.reason : action.kind;
  };
  const maximize = { metric: { name: 'accuracy', goal: 'maximize' } };
  for (const [value, rules, expected] of [
    [0.9999, {}, /^Scored better than the champion, but not by more than chance/],
    [1.01, {}, /^Did not score better than the champion/],
    [1.0001, maximize, /^Scored better than the champion, but not by more than chance/],
    [0.99, maximize, /^Did not score better than the champion/],
  ] as const)
    assert.match(reasonFor(value, rules), expected, `${value}`);
});

test('an implausibly large gain is held for review, not merged', () => {
  const before = [1.004, 1.01, 1.002, 1.006, 1.003].map((value, i) => {
    const trials = [trial(`3/${i + 2}.1`, `tree ${i + 2}`, value)];
    return experiment(i + 2, { trials, verdict: CLOSED }, { state: 'closed' });
  });
  const trials = [0.7, 0.701].map((value, i) => trial(`3/1.${i + 1}`, 'tree 1', value));
  assert.equal(planned({ experiments: [experiment(1, { trials }), ...before] }), 'hold #11');
  assert.equal(planned({ experiments: [experiment(1, { trials }), ...before.slice(1)] }), 'merge #11');
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
