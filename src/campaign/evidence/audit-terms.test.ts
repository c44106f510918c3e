import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contractSchema } from '../../protocol/contract.ts';
import type { RecordedTrial } from '../marker.ts';
import {
  attempt,
  audited,
  BASELINES,
  campaign,
  experiment,
  sha,
  snapshot,
  trial,
} from '../snapshot.test-helper.ts';
import { termsOf } from './audit-terms.ts';

const contract = contractSchema.parse({});

test("a candidate's first score is audited if it may lead to another trial or a merge, and every later score is", () => {
  const fresh = experiment(1);
  const promising = experiment(2, { trials: [trial('3/2.1', 'tree 2', 0.9)] });
  const shown = snapshot({ experiments: [fresh, promising] });
  const threshold = termsOf(shown, contract, fresh, 300, 1)?.threshold ?? 0;
  // Shorter code is measured again while it may be a tie, up to about the worst of the champion's own scores.
  assert.ok(threshold > 1.0 && threshold < 1.006, String(threshold));
  const unknown = snapshot({
    campaigns: [campaign({ baselines: BASELINES.slice(0, 1) })],
    experiments: [fresh],
  });
  assert.equal(termsOf(unknown, contract, fresh, 300, 1)?.threshold, null, 'one number shows no noise');
  assert.equal(termsOf(shown, contract, promising, 300, 1)?.threshold, null);
});

test('every score of an experiment that a person keeps is audited', () => {
  const words = [{ kind: 'keep', by: 'bob', comment: 1, after: 0 } as const];
  const kept = experiment(1, { words });
  assert.equal(termsOf(snapshot({ experiments: [kept] }), contract, kept, 300, 1)?.threshold, null);
});

test("the champion's first trial is audited, and its trials on other machines, but no other baselines", () => {
  const thresholds = [0, 1, 2, 3, 4].map(n => {
    const baselines = [...BASELINES, trial('3/0.4', 'champion tree', 1)].slice(0, n);
    return termsOf(snapshot({ campaigns: [campaign({ baselines })] }), contract, null, 300, 1)?.threshold;
  });
  assert.deepEqual(thresholds, [null, 0, 0, null, null]);
});

test('a baseline that runs beside the first one is not audited', () => {
  const campaigns = [campaign({ baselines: [] })];
  const beside = snapshot({ campaigns, attempts: [attempt('3/0.1', {})] });
  assert.equal(termsOf(beside, contract, null, 300, 1)?.threshold, 0);
  // Its run was never found, so the trial that is dispatched may be this one, once more.
  const lost = snapshot({ campaigns, attempts: [attempt('3/0.1', null)] });
  assert.equal(termsOf(lost, contract, null, 300, 1)?.threshold, null);
});

test('with two classes of machine, the one with worse scores decides what is audited', () => {
  const slow = [1.1, 1.102, 1.098].map((value, i) =>
    trial(`3/0.${i + 4}`, 'champion tree', value, { machine: 'older GPU', seed: i + 1 }),
  );
  const shown = snapshot({ campaigns: [campaign({ baselines: [...BASELINES, ...slow] })], experiments: [] });
  const other = snapshot({ campaigns: [campaign({ baselines: [...slow, ...BASELINES] })], experiments: [] });
  const threshold = termsOf(shown, contract, experiment(1), 300, 1)?.threshold ?? 0;
  assert.ok(threshold > 1.1 && threshold < 1.106, String(threshold));
  assert.equal(termsOf(other, contract, experiment(1), 300, 1)?.threshold, threshold);
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

test("bounds on time stay those of the campaign's first champion, whatever it merges, but for classes of machine that it never met", () => {
  const taken = (id: string, tree: string, startupSeconds: number, machine = 'GPU') =>
    trial(id, tree, 1, {
      machine,
      refereed: { ...audited(), startupSeconds, scoringSeconds: startupSeconds },
    });
  const first = [taken('3/0.1', 'first tree', 20), taken('3/0.2', 'first tree', 22)];
  /** Experiments 1 to `n` of a campaign were merged one after the other, the last one as the champion, and took 30, 40, … s. */
  const startup = (n: number, baselines: RecordedTrial[], issue = 3, earlier = baselines) => {
    const treeOf = (number: number) =>
      number === 0 ? 'first tree' : number === n ? 'champion tree' : `tree ${number}`;
    const merged = Array.from({ length: n }, (_, i) =>
      experiment(
        i + 1,
        {
          campaign: issue,
          champion: { sha: sha(treeOf(i)), tree: sha(treeOf(i)) },
          tree: sha(treeOf(i + 1)),
          trials: [taken(`${issue}/${i + 1}.1`, treeOf(i + 1), 30 + 10 * i)],
        },
        { state: 'merged' },
      ),
    );
    const campaigns = [campaign({ baselines: earlier }), campaign({ baselines }, { issue })];
    const fresh = experiment(n + 1, { campaign: issue });
    const shown = snapshot({ campaigns, experiments: [...merged, fresh] });
    return termsOf(shown, contract, fresh, 300, 1)?.startupSeconds;
  };
  assert.equal(startup(1, first), 22);
  assert.equal(startup(6, first), 22);
  assert.equal(
    startup(6, [], 4, first),
    22,
    'the second campaign measures no champion that has been measured',
  );
  assert.equal(startup(1, [...first, taken('3/0.3', 'champion tree', 45, 'older GPU')]), 45);
});

test('a metric without a referee has no terms', () => {
  const reported = contractSchema.parse({ metric: { name: 'p99_ms', goal: 'minimize' } });
  assert.equal(termsOf(snapshot(), reported, experiment(1), 300, 1), null);
});
