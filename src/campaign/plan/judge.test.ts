import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { contractSchema } from '../../protocol/contract.ts';
import { describeAction } from '../action.ts';
import type { RecordedTrial } from '../marker.ts';
import { CLOSED, closed, planned } from '../plan.test-helper.ts';
import { audited, BASELINES, campaign, experiment, NOW, snapshot, trial } from '../snapshot.test-helper.ts';
import { plan } from './plan.ts';

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

describe('the test text', () => {
  const heldAt = (gain: number, onTest: number, seeds = [1, 2, 3]) => {
    const trials = seeds.map(k => {
      const luck = 0.001 * (k - 2);
      const refereed = { ...audited(), testValue: 1.01 - onTest + luck };
      return trial(`3/1.${k}`, 'tree 1', 1 - gain + luck, { seed: k, refereed });
    });
    return plan(snapshot({ experiments: [experiment(1, { trials })] }), NOW);
  };

  test('holds back a gain on the validation text that is missing there', () => {
    const action = heldAt(0.1, 0);
    assert.equal(describeAction(action), 'hold #11');
    const reason = action.kind === 'hold' ? action.verdict.reason : '';
    assert.match(
      reason,
      /0\.10 better than the champion on the validation text, but no better on the test text/,
    );
    const slight = heldAt(0.1, 0.02);
    assert.match(slight.kind === 'hold' ? slight.verdict.reason : '', /only 0\.020 better on the test text/);
  });

  test('leaves a gain alone that differs between the texts, or is within the noise', () => {
    assert.equal(describeAction(heldAt(0.1, 0.05)), 'merge #11');
    assert.equal(describeAction(heldAt(0.02, 0.006)), 'merge #11');
  });

  test('leads to no merge by itself', () => {
    assert.equal(describeAction(heldAt(-0.01, 0.5)), 'close #11');
  });

  test('is not asked about where it was not measured', () => {
    const unknown = { refereed: { ...audited(), testValue: null } };
    const trials = [1, 2].map(k => trial(`3/1.${k}`, 'tree 1', 0.9, { seed: k, ...unknown }));
    assert.equal(planned({ experiments: [experiment(1, { trials })] }), 'merge #11');
  });
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
