import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contractSchema } from './contract.ts';
import { plan } from './plan.ts';
import { audited, campaign, experiment, NOW, snapshot, trial } from './snapshot.test-helper.ts';
import { termsOf } from './terms.ts';

const contract = contractSchema.parse({});

test("a candidate's first number is audited where the gate would not close it at once, and so is every later one", () => {
  const fresh = experiment(1);
  const threshold = termsOf(snapshot({ experiments: [fresh] }), contract, fresh, 300, 1)?.threshold ?? 0;
  const planned = (value: number) => {
    const tried = experiment(1, { trials: [trial('3/1.1', 'tree 1', value)] });
    const action = plan(snapshot({ experiments: [tried] }), NOW);
    return action.kind === 'decide' ? action.verdict.kind : action.kind;
  };
  const values = Array.from({ length: 60 }, (_, i) => 0.97 + i / 1000);
  const open = values.filter(value => planned(value) !== 'close');
  assert.ok(open.length > 10);
  assert.ok(open.every(value => value < threshold));
  assert.ok(threshold < 1.01, 'what is clearly worse is not audited');

  const promising = experiment(2, { trials: [trial('3/2.1', 'tree 2', 0.999)] });
  const shown = snapshot({ experiments: [promising] });
  assert.equal(termsOf(shown, contract, promising, 300, 1)?.threshold, null);
});

test("the champion's first trial is audited, its others are not", () => {
  assert.equal(
    termsOf(snapshot({ campaigns: [campaign({ baselines: [] })] }), contract, null, 300, 1)?.threshold,
    null,
  );
  assert.equal(termsOf(snapshot(), contract, null, 300, 1)?.threshold, 0);
});

test("a candidate may take the time of the champion's slowest trial at the same budget", () => {
  const times = (startupSeconds: number, scoringSeconds: number) => ({
    refereed: { ...audited(), startupSeconds, scoringSeconds },
  });
  const baselines = [
    trial('3/0.1', 'champion tree', 1, times(20, 9)),
    trial('3/0.2', 'champion tree', 1, times(25, 8)),
    trial('3/0.3', 'champion tree', 1, { ...times(99, 99), budgetSeconds: 60 }),
  ];
  const terms = termsOf(snapshot({ campaigns: [campaign({ baselines })] }), contract, experiment(1), 300, 1);
  assert.deepEqual([terms?.startupSeconds, terms?.scoringSeconds], [25, 9]);
  const none = termsOf(snapshot({ campaigns: [campaign({ baselines: [] })] }), contract, null, 300, 1);
  assert.deepEqual([none?.startupSeconds, none?.scoringSeconds], [null, null]);
});

test('a metric without a referee has no terms', () => {
  const reported = contractSchema.parse({ metric: { name: 'p99_ms', goal: 'minimize' } });
  assert.equal(termsOf(snapshot(), reported, experiment(1), 300, 1), null);
});
