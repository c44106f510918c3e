import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contractSchema } from '../../protocol/contract.ts';
import { formatStopBar, stopBarSchema } from '../../protocol/stop-bar.ts';
import type { Snapshot } from '../model.ts';
import { plan } from '../plan/plan.ts';
import {
  attempt,
  BASELINES,
  campaign,
  experiment,
  NOW,
  PREVIEWED,
  STOPPED,
  snapshot,
  trial,
} from '../snapshot.test-helper.ts';
import { ledgerRows } from './ledger.ts';
import { stopBarOf } from './stopping.ts';

const CONTRACT = contractSchema.parse({});
const FRESH = experiment(1);

function barOf(subject = FRESH, contract = CONTRACT, baselines = PREVIEWED, budget = 300) {
  const shown: Snapshot = snapshot({ experiments: [subject], campaigns: [campaign({ baselines })] });
  return stopBarOf(shown, contract, subject, budget, 1);
}

test("the first trial of an idea is dispatched with a bar near the champion's previews", () => {
  const bar = barOf();
  assert.ok(bar && bar.value > 1.098 && bar.value < 1.11, JSON.stringify(bar));
  assert.deepEqual([bar.machine, bar.digest], ['GPU', 'd1']);
  const early = stopBarSchema.parse(formatStopBar({ ...bar, machine: 'NVIDIA H200 ×1' }));
  assert.deepEqual(early, { ...bar, machine: 'NVIDIA H200 ×1' });
  assert.equal(stopBarSchema.parse(formatStopBar(null)), null);
  for (const text of ['1.2', '1.2 d1', 'low d1 GPU', 'Infinity d1 GPU'])
    assert.equal(stopBarSchema.safeParse(text).success, false, text);
});

test('no other trial has a bar', () => {
  const edits = [{ path: 'trainer/train.py', search: 'WARMDOWN = 0.5', replace: 'WARMDOWN = 0.7' }];
  const { idea } = FRESH.marker;
  assert.equal(barOf(experiment(1, { idea: { ...idea, edits } })), null, 'another schedule');
  assert.equal(barOf(experiment(1, { addedTokens: -2 })), null, 'shorter code');
  assert.equal(barOf(experiment(1, { trials: [trial('3/1.1', 'tree 1', 1)] })), null, 'a confirmation');
  assert.equal(
    barOf(experiment(1, { trials: [trial('3/1.1', 'tree 1', STOPPED)] })),
    null,
    'asked for again',
  );
  const asked = { comment: 9, by: 'bob', idea: 'less decay', pull: null, parts: [] };
  assert.equal(barOf(experiment(1, { asked })), null, 'an idea of a person');
  assert.equal(barOf(experiment(1, { parts: [12, 13] })), null, 'a stack');
  assert.equal(barOf(FRESH, CONTRACT, BASELINES), null, 'no previews');
  assert.equal(barOf(FRESH, CONTRACT, PREVIEWED, 600), null, 'another budget');
  const never = contractSchema.parse({ gate: { early_stop: false } });
  assert.equal(barOf(FRESH, never), null, 'the contract says so');
});

test('a stopped experiment is closed with a projected score, and marked as stopped in the ledger', () => {
  const stopped = trial('3/1.1', 'tree 1', STOPPED, { preview: 1.2, trainingSeconds: 180 });
  const shown = (baselines = PREVIEWED) =>
    snapshot({
      experiments: [FRESH],
      campaigns: [campaign({ baselines })],
      attempts: [attempt('3/1.1', { status: 'completed', conclusion: 'success' }, stopped)],
    });
  const action = plan(shown(), NOW);
  assert.ok(action.kind === 'close');
  const { verdict, trials } = action;
  assert.equal(verdict.kind, 'close');
  assert.match(verdict.reason, /^Stopped early at 60%/);
  // The preview minus the 0.1 that previews are too high, and the champion's mean.
  assert.deepEqual([verdict.value?.toFixed(3), verdict.championValue?.toFixed(3)], ['1.100', '1.000']);
  assert.ok(verdict.doubt !== null && verdict.doubt > 0.99 && verdict.noise !== null && verdict.noise < 0.01);
  const [row] = ledgerRows([experiment(1, { verdict, trials: [...trials] }, { state: 'closed' })]);
  assert.deepEqual([row?.status, row?.value], ['stopped', verdict.value]);

  const unlearned = plan(shown(BASELINES), NOW);
  assert.equal(unlearned.kind === 'close' && unlearned.verdict.value, 1.2, 'the preview itself');
});

test('a stopped experiment is closed, not restacked, even if the champion has changed', () => {
  const stale = experiment(1, {
    champion: { sha: 'a'.repeat(40), tree: 'b'.repeat(40) },
    trials: [trial('3/1.1', 'tree 1', STOPPED)],
  });
  const action = plan(
    snapshot({ experiments: [stale], campaigns: [campaign({ baselines: PREVIEWED })] }),
    NOW,
  );
  assert.equal(action.kind === 'close' && action.verdict.kind, 'close');
});

test('a score measured after a stopped trial is judged like any other', () => {
  const again = experiment(1, {
    trials: [trial('3/1.1', 'tree 1', STOPPED), trial('3/1.2', 'tree 1', 0.9)],
  });
  const action = plan(
    snapshot({ experiments: [again], campaigns: [campaign({ baselines: PREVIEWED })] }),
    NOW,
  );
  assert.equal(action.kind, 'merge');
});
