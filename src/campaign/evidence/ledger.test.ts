import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Verdict } from '../marker.ts';
import { BASELINES, CRASH, campaign, experiment, sha, trial } from '../snapshot.test-helper.ts';
import { ledgerPoints, ledgerRows, resultsTsv, spending, startOf } from './ledger.ts';

const verdict = (kind: Verdict['kind']): Verdict => ({
  kind,
  cause: kind === 'merge' ? 'better' : null,
  reason: '',
  value: 0.9,
  championValue: 1,
  noise: 0.002,
  doubt: 0.01,
});
const cost = { calls: 1, inputTokens: 1000, outputTokens: 100, usd: 0.25 };
const experiments = [
  experiment(
    1,
    {
      trials: [trial('3/1.1', 'tree 1', 0.9), trial('3/1.2', 'tree 1', 0.902, { peakMemoryMb: 2048 })],
      verdict: verdict('merge'),
      cost,
    },
    { state: 'merged', mergeCommit: sha('merged') },
  ),
  experiment(
    2,
    { trials: [trial('3/2.1', 'tree 2', 1.1)], verdict: verdict('close'), cost },
    { state: 'closed' },
  ),
  experiment(
    3,
    {
      idea: { title: 'a\tb', hypothesis: '', edits: [] },
      trials: [trial('3/3.1', 'tree 3', CRASH)],
      verdict: verdict('crash'),
      cost: { ...cost, usd: null },
    },
    { state: 'closed' },
  ),
  experiment(4),
];

test('results.tsv has five columns, one line for the first champion and one for every verdict', () => {
  assert.equal(
    resultsTsv('val_bpb', startOf(BASELINES, experiments), ledgerRows(experiments)),
    [
      'commit\tval_bpb\tmemory_gb\tstatus\tdescription',
      `${sha('champion tree commit').slice(0, 7)}\t1.000000\t1.0\tkeep\tbaseline`,
      `${sha('merged').slice(0, 7)}\t0.901000\t2.0\tkeep\tidea 1`,
      `${sha('commit 2').slice(0, 7)}\t1.100000\t1.0\tdiscard\tidea 2`,
      `${sha('commit 3').slice(0, 7)}\t\t1.0\tcrash\ta b`,
      '',
    ].join('\n'),
  );
});

test('results.tsv has a number only where something was measured', () => {
  const stopped = { status: 'stopped', value: 1.25, at: 0.5 } as const;
  const rows = ledgerRows([
    experiment(
      5,
      { trials: [], verdict: { ...verdict('superseded'), value: null, championValue: 1 } },
      { state: 'closed' },
    ),
    experiment(
      6,
      {
        trials: [trial('3/6.1', 'tree 6', stopped, { peakMemoryMb: 0 })],
        verdict: { ...verdict('close'), value: 1.25 },
      },
      { state: 'closed' },
    ),
  ]);
  assert.deepEqual(
    resultsTsv('val_bpb', null, rows)
      .trimEnd()
      .split('\n')
      .slice(1)
      .map(row => row.split('\t').slice(1)),
    [
      ['', '', 'unmeasured', 'idea 5'],
      ['', '', 'stopped', 'idea 6 (projected 1.250000)'],
    ],
  );
});

test('spending adds up, and an unknown price makes the total unknown', () => {
  const spent = spending(
    campaign({ failedCost: { calls: 2, inputTokens: 10, outputTokens: 1, usd: 0 } }),
    experiments,
  );
  assert.deepEqual(spent, {
    cost: { calls: 5, inputTokens: 3010, outputTokens: 301, usd: null },
    trials: 7,
    machineSeconds: 7 * 330,
  });
});

test('if the first baselines are not known, the first verdict says what the champion scored', () => {
  assert.deepEqual(startOf([], experiments), {
    commit: sha('champion'),
    value: 1,
    trials: 0,
    peakMemoryMb: 0,
  });
  assert.equal(startOf([], [experiment(1)]), null);
});

test('the chart has the baseline as point 0 and a point for every verdict', () => {
  const points = ledgerPoints(startOf(BASELINES, experiments), ledgerRows(experiments));
  assert.deepEqual(
    points.map(({ number, value, kept }) => [number, value, kept]),
    [
      [0, 1, true],
      [1, 0.901, true],
      [2, 1.1, false],
      [3, null, false],
    ],
  );
});
