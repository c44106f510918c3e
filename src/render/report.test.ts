/** The report at the end of a campaign. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Verdict } from '../campaign/marker.ts';
import { type Experiment, isKnown } from '../campaign/model.ts';
import {
  BASELINES,
  CRASH,
  campaign,
  experiment,
  sha,
  snapshot,
  trial,
} from '../campaign/snapshot.test-helper.ts';
import { CAMPAIGN_BASE, contractSchema } from '../protocol/contract.ts';
import { reportComment } from './report.ts';

const contract = contractSchema.parse({});

function verdict(kind: Verdict['kind'], value: number | null, more: Partial<Verdict> = {}): Verdict {
  const cause = kind === 'merge' ? ('better' as const) : null;
  return { kind, cause, reason: '', value, championValue: 1, noise: 0.002, doubt: 0.1, ...more };
}

/** Experiment `n`, merged on the champion of this name; its merge is the champion `merge n`. */
function merged(n: number, champion: string, value: number, more: Partial<Verdict> = {}): Experiment {
  return experiment(
    n,
    {
      champion: { sha: sha(champion), tree: sha(`${champion} tree`) },
      verdict: verdict('merge', value, more),
      trials: [1, 2].map(k => trial(`3/${n}.${k}`, `tree ${n}`, value + 0.001 * k - 0.0015)),
    },
    { state: 'merged', mergeCommit: sha(`merge ${n}`) },
  );
}

function closed(n: number, kind: Verdict['kind'], value: number | null = null): Experiment {
  const outcome = kind === 'crash' ? CRASH : (value ?? 1.01);
  return experiment(
    n,
    { verdict: verdict(kind, value), trials: [trial(`3/${n}.1`, `tree ${n}`, outcome)] },
    { state: 'closed' },
  );
}

function reportOf(experiments: Experiment[], state: Parameters<typeof campaign>[0] = {}): string {
  const there = campaign({ phase: 'finished', reason: 'All experiments have a verdict.', ...state });
  return isKnown(there)
    ? reportComment(snapshot({ campaigns: [there], experiments }), contract, there)
    : assert.fail();
}

const row = (text: string, start: string) =>
  text
    .split('\n')
    .find(line => line.replaceAll(/ +/g, ' ').startsWith(start))
    ?.replaceAll(/ +/g, ' ');

describe('the report', () => {
  test('leads with the gain, and says how sure it is and how many merges are luck', () => {
    const text = reportOf([merged(1, 'champion', 0.99, { doubt: 0.2 }), merged(2, 'merge 1', 0.98)]);
    assert.match(
      text,
      /^### 🏁 val_bpb 1\.0000 → 0\.9800 \(−0\.0200, 2\.0% better\): 2 of 2 experiments merged\n/,
    );
    // 0.002 √(1/3 + 1/2)
    assert.match(
      text,
      /standard error of 0\.0018 val_bpb \(3 trials of the first champion, 2 of the last; sd/,
    );
    assert.match(text, /Of 2 merges by the gate, about 0\.3 is expected to be no real improvement\./);
    assert.doesNotMatch(text, /Commits by people/);
  });

  test('names each merge with what it cost', () => {
    const text = reportOf([merged(1, 'champion', 0.99)]);
    assert.equal(row(text, '| #11'), '| #11 | idea 1 | 0.9900 | −0.0100 | 10% | 2 | 11 min |');
    assert.match(text, /\*\*Cost\.\*\* 5 trials, .*For each merge: 5 trials/);
    assert.match(text, /The campaign ended: All experiments have a verdict\.$/);
  });

  test('says so where people committed in between', () => {
    const text = reportOf([merged(1, 'champion', 0.99), merged(2, 'by hand', 0.98)]);
    assert.match(text, /Commits by people came in between/);
  });

  test('lists near misses, the largest gain first, with the command that stacks them', () => {
    const text = reportOf([closed(1, 'close', 0.9995), closed(2, 'close', 0.999), closed(3, 'close', 1.01)]);
    assert.match(text, /^### 🏁 No improvement: 0 of 3 experiments merged/);
    assert.match(text, /\*\*Near misses.*\n\n- #12 idea 2: −0\.0010 .*\n- #11 idea 1: −0\.0005 /);
    assert.match(text, /2 near misses may add up: `\/research stack #12 #11`/);
    assert.doesNotMatch(text, /#13 idea 3/);
  });

  test('does not propose a stack again whose parts were tried together', () => {
    const stack = closed(3, 'close', 1.02);
    const tried = { ...stack, marker: { ...stack.marker, parts: [11, 12] } };
    const text = reportOf([closed(1, 'close', 0.9995), closed(2, 'close', 0.999), tried]);
    assert.doesNotMatch(text, /research stack/);
  });

  test('says what crashed and why, and what got no verdict', () => {
    const text = reportOf([closed(1, 'crash'), closed(2, 'crash'), closed(3, 'stopped')]);
    assert.match(
      text,
      /\*\*Crashed: 2\*\*\n\n- exception: #11, #12, last: ValueError: no\n- the campaign ended first: #13/,
    );
    assert.match(text, /1 idea got no verdict\. `\/research rerun`/);
  });

  test('tells a campaign that still found something from one that had stopped finding', () => {
    const rest = (from: number) => Array.from({ length: 6 }, (_, i) => closed(from + i, 'close', 1.01));
    assert.match(
      reportOf([...rest(1), merged(7, 'champion', 0.99)]),
      /Gains were still coming: the last merge was experiment 7 of 7/,
    );
    assert.match(
      reportOf([merged(1, 'champion', 0.99), ...rest(2)]),
      /None of the last 6 experiments was merged\. A hint may help more/,
    );
  });

  test('points at the pull request of a campaign with a branch of its own', () => {
    const point = { sha: sha('champion'), tree: sha('champion tree') };
    const base = { start: point, tip: point, touched: false };
    assert.equal(contractSchema.parse({ base: CAMPAIGN_BASE }).base, CAMPAIGN_BASE);
    const text = reportOf([merged(1, 'champion', 0.99)], { base });
    assert.match(text, /a pull request from `research\/3\/base` into `main` has the evidence/);
  });

  test('what a model wrote stays text', () => {
    const nasty = closed(1, 'close', 0.9995);
    nasty.marker.idea.title = '@everyone | fixes #1 <b>';
    const text = reportOf([nasty]);
    assert.doesNotMatch(text, /@everyone|<b>|fixes #1/);
  });

  test('levels that were measured under other conditions are not compared', () => {
    const other = BASELINES.map(each => ({ ...each, machine: 'another GPU' }));
    const text = reportOf([merged(1, 'champion', 0.99)], { baselines: other });
    assert.match(text, /^### 🏁 1 of 1 experiment merged/);
    assert.match(text, /were not measured under equal conditions/);
  });
});

test('guards have a column among the merges, and what broke one is listed with the reason', () => {
  const finding = {
    name: 'memory',
    side: 'at_most',
    bound: '1.1x',
    kind: 'kept',
    value: 1050,
    trials: 2,
    limit: 1100,
    reference: 1000,
    noise: 0,
  } as const;
  const reason = 'Breaks the guard memory: 1843 in 1 trial.';
  const broken = experiment(
    2,
    { verdict: verdict('guard', 0.9, { reason, guards: [{ ...finding, kind: 'broken', value: 1843 }] }) },
    { state: 'closed' },
  );
  const text = reportOf([merged(1, 'champion', 0.99, { guards: [finding] }), broken]);
  assert.match(row(text, '| | merged') ?? '', /\| change \| memory \| chance of no gain \|/);
  assert.match(row(text, '| #11') ?? '', /\| 1050\.0 \|/);
  assert.match(
    text,
    /\*\*Not merged: broke a guard\*\*\n\n- #12 idea 2: Breaks the guard memory: 1843 in 1 trial\./,
  );
  assert.doesNotMatch(reportOf([merged(1, 'champion', 0.99)]), /guard/);
});
