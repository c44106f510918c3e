/** Causes decide, sentences are for people; markers of earlier versions, which hold sentences alone, still read. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ledgerRows } from './evidence/ledger.ts';
import { type CampaignState, campaignStateSchema, experimentMarkerSchema, type Verdict } from './marker.ts';
import { planned } from './plan.test-helper.ts';
import { campaign, experiment } from './snapshot.test-helper.ts';

/** As an earlier version stored it: the same JSON without the cause. */
function withoutCause({ cause: _, ...rest }: { cause: unknown }): object {
  return rest;
}

/** A campaign's state as it is read back from an earlier version's marker. */
function oldState(more: Partial<CampaignState>): CampaignState {
  return campaignStateSchema.parse(withoutCause({ ...campaign().state, cause: null, ...more }));
}

/** A merge as it is read back from an earlier version's marker. */
function oldVerdict(verdict: Pick<Verdict, 'kind' | 'reason'>): Verdict | null {
  const { marker } = experiment(1);
  const numbers = { value: 1, championValue: 1, noise: 0.01, doubt: 0.9 };
  return experimentMarkerSchema.parse({ ...marker, verdict: { ...verdict, ...numbers } }).verdict;
}

const OLD_HELD =
  'Only people can decide what is left: #11. Comment `/research keep`, `discard` or `rerun` there; the campaign then goes on by itself.';

test('a campaign that an earlier version paused for held experiments resumes by itself once they are decided', () => {
  const state = oldState({ phase: 'paused', reason: OLD_HELD });
  assert.equal(state.cause, 'held');
  const held = (decided: boolean) =>
    experiment(1, {
      held: 'Too good.',
      words: decided ? [{ kind: 'keep', by: 'bob', comment: 5, after: 1 }] : [],
    });
  assert.match(planned({ campaigns: [campaign(state)], experiments: [held(false)] }), /^wait/);
  assert.match(planned({ campaigns: [campaign(state)], experiments: [held(true)] }), /^running/);
});

test('a campaign that an earlier version paused for anything else waits for `/research resume`', () => {
  for (const reason of ['bob asked for it.', 'Someone pushed to #11.', `He said: ${OLD_HELD}`]) {
    const state = oldState({ phase: 'paused', reason });
    assert.equal(state.cause, null);
    assert.match(planned({ campaigns: [campaign(state)] }), /^wait/, reason);
  }
  assert.equal(oldState({ phase: 'stopped', reason: OLD_HELD }).cause, null);
});

test('merges of earlier versions say why they were merged', () => {
  const cause = (reason: string, kind: Verdict['kind'] = 'merge') => oldVerdict({ kind, reason })?.cause;
  assert.equal(cause('As good as the champion, and shorter.'), 'simpler');
  assert.equal(cause('Better than the champion.'), 'better');
  assert.equal(cause('Kept by bob. The gate says the same.'), 'kept');
  assert.equal(cause('Not shown to be better than the champion.', 'close'), null);
});

test('what is stored now keeps its cause, whatever its sentence says', () => {
  const state = campaignStateSchema.parse({
    ...campaign().state,
    phase: 'paused',
    cause: null,
    reason: OLD_HELD,
  });
  assert.equal(state.cause, null);
  assert.deepEqual(campaignStateSchema.parse(state), state);
  const verdict = { value: 1, championValue: 1, noise: 0.01, doubt: 0.9 };
  const [row] = ledgerRows([
    experiment(
      1,
      { verdict: { kind: 'merge', cause: 'simpler', reason: 'Any sentence.', ...verdict } },
      { state: 'merged' },
    ),
  ]);
  assert.equal(row?.simpler, true);
});
