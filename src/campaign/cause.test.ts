/** Decisions rest on stored causes, and markers of earlier versions, which have only reasons, can still be read. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ledgerRows } from './evidence/ledger.ts';
import { type CampaignState, campaignStateSchema, experimentMarkerSchema, type Verdict } from './marker.ts';
import { planned } from './plan.test-helper.ts';
import { campaign, experiment } from './snapshot.test-helper.ts';

/** Removes the cause, as in a marker of an earlier version. */
function withoutCause({ cause: _, ...rest }: { cause: unknown }): object {
  return rest;
}

/** A campaign's state, read from a marker of an earlier version. */
function oldState(more: Partial<CampaignState>): CampaignState {
  return campaignStateSchema.parse(withoutCause({ ...campaign().state, cause: null, ...more }));
}

/** A verdict, read from a marker of an earlier version. */
function oldVerdict(verdict: Pick<Verdict, 'kind' | 'reason'>): Verdict | null {
  const { marker } = experiment(1);
  const numbers = { value: 1, championValue: 1, noise: 0.01, doubt: 0.9 };
  return experimentMarkerSchema.parse({ ...marker, verdict: { ...verdict, ...numbers } }).verdict;
}

const OLD_HELD =
  'Only people can decide what is left: #11. Comment `/research keep`, `discard` or `rerun` there; the campaign then goes on by itself.';

test('a campaign paused for held experiments by an earlier version resumes by itself once they are decided', () => {
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

test('a campaign paused for any other reason by an earlier version waits for `/research resume`', () => {
  for (const reason of ['bob asked for it.', 'Someone pushed to #11.', `See: ${OLD_HELD}`]) {
    const state = oldState({ phase: 'paused', reason });
    assert.equal(state.cause, null);
    assert.match(planned({ campaigns: [campaign(state)] }), /^wait/, reason);
  }
  assert.equal(oldState({ phase: 'stopped', reason: OLD_HELD }).cause, null);
});

test('a merge by an earlier version gets its cause from the stored reason', () => {
  const cause = (reason: string, kind: Verdict['kind'] = 'merge') => oldVerdict({ kind, reason })?.cause;
  assert.equal(cause('As good as the champion, and shorter.'), 'simpler');
  assert.equal(cause('Better than the champion.'), 'better');
  assert.equal(cause('Kept by bob. The gate says the same.'), 'kept');
  assert.equal(cause('Not shown to be better than the champion.', 'close'), null);
});

test('a stored cause wins over the text of the reason', () => {
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
