import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ExperimentMarker, Verdict } from '../marker.ts';
import type { Experiment } from '../model.ts';
import { BASELINES, CRASH, experiment, sha, trial } from '../snapshot.test-helper.ts';
import { experimentsTsv } from './experiments-tsv.ts';
import { startOf } from './ledger.ts';

const METRIC = { name: 'val_bpb', goal: 'minimize' } as const;

const CLOSE: Verdict = {
  kind: 'close',
  cause: null,
  reason: 'Scored better than the champion, but not by more than chance can explain.',
  value: 0.9,
  championValue: 1,
  compared: { candidate: ['3/1.1', '3/1.2'], champion: ['3/0.1', '3/0.2', '3/0.3', '3/0.4'] },
  noise: 0.2,
  doubt: 0.2,
  prior: 0.1,
};
const NOTHING = { value: null, championValue: null, noise: null, doubt: null } as const;

/** The rows as objects. Empty cells are left out. */
function rowsOf(
  experiments: Experiment[],
  metric: Parameters<typeof experimentsTsv>[0] = METRIC,
): Record<string, string>[] {
  const text = experimentsTsv(metric, startOf(BASELINES, experiments), experiments);
  assert.ok(text.endsWith('\n'));
  const [header = [], ...rows] = text
    .trimEnd()
    .split('\n')
    .map(line => line.split('\t'));
  return rows.map(cells => {
    assert.equal(cells.length, header.length);
    return Object.fromEntries(
      header.map((name, i) => [name, cells[i] ?? '']).filter(([, cell]) => cell !== ''),
    );
  });
}

function ended(marker: Partial<ExperimentMarker>, more: Partial<Experiment> = {}): Experiment {
  return experiment(1, marker, { state: 'closed', ...more });
}

const TRIALS = [trial('3/1.1', 'tree 1', 0.8), trial('3/1.2', 'tree 1', 1, { peakMemoryMb: 2048 })];

test('the first champion, then every experiment that ended, with both scores and how far they can be trusted', () => {
  const cost = { calls: 1, inputTokens: 1000, outputTokens: 100, usd: 0.25 };
  const asked = { comment: 5, by: 'ann', idea: 'x', pull: null, parts: [] };
  const [baseline, row, ...none] = rowsOf([
    ended({ trials: TRIALS, verdict: CLOSE, cost, asked }),
    experiment(2),
  ]);
  assert.deepEqual(none, []);
  assert.deepEqual(baseline, {
    experiment: '0',
    commit: sha('champion tree commit'),
    verdict: 'baseline',
    metric: 'val_bpb',
    goal: 'minimize',
    score: '1.000000',
    trials: '3',
    standard_error: '0.115470',
    memory_gb: '1.0',
  });
  assert.deepEqual(row, {
    experiment: '1',
    pull_request: '11',
    campaign: '3',
    commit: sha('commit 1'),
    verdict: 'near miss',
    cause: CLOSE.reason,
    metric: 'val_bpb',
    goal: 'minimize',
    score: '0.900000',
    trials: '2',
    standard_error: '0.141421',
    champion_score: '1.000000',
    champion_trials: '4',
    champion_standard_error: '0.100000',
    gain: '0.100000',
    gain_standard_error: '0.173205',
    prior_odds: '0.1111',
    odds: '4',
    memory_gb: '2.0',
    machine_seconds: '660.0',
    tokens: '1100',
    usd: '0.250000',
    agent: 'explore',
    requested_by: 'ann',
    title: 'idea 1',
  });
});

test('a gain is positive where it is better, for either goal', () => {
  const maximize = { name: 'accuracy', goal: 'maximize' } as const;
  const [, row] = rowsOf([ended({ trials: TRIALS, verdict: CLOSE })], maximize);
  assert.deepEqual([row?.gain, row?.verdict, row?.goal], ['-0.100000', 'too close', 'maximize']);
});

test('what was not measured has no number', () => {
  const stopped = trial('3/1.1', 'tree 1', { status: 'stopped', value: 1.25, at: 0.5 }, { peakMemoryMb: 0 });
  const cases: [Partial<ExperimentMarker>, Record<string, string>][] = [
    [{ verdict: { ...CLOSE, ...NOTHING, kind: 'superseded' } }, { verdict: 'superseded' }],
    [{ verdict: { ...CLOSE, ...NOTHING, kind: 'unmeasurable' } }, { verdict: 'unmeasured' }],
    [
      {
        trials: [trial('3/1.1', 'tree 1', CRASH)],
        verdict: { ...CLOSE, ...NOTHING, kind: 'crash', reason: 'Crashed' },
      },
      { verdict: 'crash', cause: 'Crashed' },
    ],
    [
      { trials: [stopped], verdict: { ...CLOSE, value: 1.25, compared: { candidate: [], champion: [] } } },
      { verdict: 'stopped early', projected: '1.250000' },
    ],
  ];
  for (const [marker, expected] of cases) {
    const [, row = {}] = rowsOf([ended(marker)]);
    for (const [column, cell] of Object.entries(expected)) assert.equal(row[column], cell);
    for (const column of ['score', 'standard_error', 'champion_score', 'gain', 'odds'])
      assert.equal(row[column], undefined, `${expected.verdict}: ${column}`);
    assert.equal(row.trials, '0');
  }
});

test('a score is the mean of the trials that were compared', () => {
  const other = trial('3/1.3', 'tree 1', 7, { machine: 'another' });
  const [, row] = rowsOf([ended({ trials: [...TRIALS, other], verdict: CLOSE })]);
  assert.deepEqual([row?.score, row?.trials], ['0.900000', '2']);
});

test('huge and tiny numbers keep their digits, and certainty has finite odds', () => {
  const values = [1.5e-7, 2.5e12, -3.25, 0];
  for (const value of values) {
    const verdict = {
      ...CLOSE,
      value,
      championValue: value / 2,
      doubt: 0,
      compared: { candidate: ['3/1.1'], champion: ['3/0.1'] },
    };
    const [, row] = rowsOf([ended({ trials: [trial('3/1.1', 'tree 1', value)], verdict })]);
    assert.ok(Math.abs(Number(row?.score) - value) <= 1e-6 * Math.abs(value), row?.score);
    assert.ok(Math.abs(Number(row?.gain) + value / 2) <= 1e-6 * Math.abs(value), row?.gain);
    assert.equal(row?.odds, '1000000');
  }
});

test('no title or reason breaks a line, adds a column or opens a quotation', () => {
  const odd = [
    'a\tb',
    'a\r\nb',
    'a\u2028b',
    'a\u0085b\vc',
    '"quoted',
    'warmdown 0.7 → 0.75 🥞',
    '日本語',
    "=cmd|' /C calc'",
  ];
  for (const title of odd) {
    const verdict = { ...CLOSE, reason: title };
    const idea = { title, hypothesis: '', edits: [] };
    const rows = rowsOf([ended({ trials: TRIALS, verdict, idea, agent: title })]);
    assert.equal(rows.length, 2);
    for (const cell of Object.values(rows[1] ?? {})) assert.doesNotMatch(cell, /^"|[\t\r\n\v\u0085\u2028]/);
    assert.equal(rows[1]?.title?.length, title.replace('\r\n', ' ').length);
  }
});

test('what a person merged without a verdict is listed, and an open experiment is not', () => {
  const [, merged, ...none] = rowsOf([
    experiment(1, { trials: TRIALS }, { state: 'merged', mergeCommit: sha('merged') }),
    experiment(2, { verdict: { ...CLOSE, kind: 'merge', cause: 'better' } }),
  ]);
  assert.deepEqual(
    [merged?.verdict, merged?.commit, merged?.score],
    ['by a person', sha('merged'), '0.900000'],
  );
  assert.deepEqual(none, []);
});
