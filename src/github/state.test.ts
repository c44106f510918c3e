import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CampaignState, campaignStateSchema, type RecordedTrial } from '../campaign/marker.ts';
import { plan } from '../campaign/plan/plan.ts';
import { smallerStates } from '../campaign/smaller-marker.ts';
import {
  CRASH,
  campaign,
  experiment,
  FAULT,
  NOW,
  snapshot,
  trial,
} from '../campaign/snapshot.test-helper.ts';
import { MAX_BODY, readMarker } from './marker.ts';
import { refreshStatus, saveState } from './state.ts';

/** What is written for a state: the comment, and the state that is read back from it. */
async function saved(change: Partial<CampaignState>): Promise<{ body: string; state: CampaignState }> {
  const there = campaign(change);
  if (!there.state) throw new Error('Expected a state.');
  let body = '';
  const port = {
    updateComment: async (_: number, text: string) => {
      body = text;
    },
    createComment: () => Promise.reject(new Error('Expected an update.')),
  };
  await saveState(port, snapshot({ campaigns: [there] }), there, there.state);
  assert.ok(body.length <= MAX_BODY, `${body.length} characters`);
  const state = readMarker('campaign', body, campaignStateSchema);
  if (!state) throw new Error('Expected a state that can be read back.');
  return { body, state };
}

const ids = (trials: readonly RecordedTrial[]) => trials.map(({ trial: id }) => id);

/** Three baselines of each of `trees`. */
function baselinesOf(trees: readonly string[], more: Partial<RecordedTrial> = {}): RecordedTrial[] {
  return trees.flatMap((tree, i) => [1, 2, 3].map(k => trial(`3/0.${3 * i + k}`, tree, 1, more)));
}

test('the first champion and the last three trees keep their baselines; the cost of the others still counts', async () => {
  const baselines = baselinesOf(['first', 'second', 'third', 'fourth', 'fifth']);
  const { body, state } = await saved({ baselines, forgiven: { baselines: 7, experiments: 0 } });
  assert.deepEqual(
    ids(state.baselines),
    [1, 2, 3, 7, 8, 9, 10, 11, 12, 13, 14, 15].map(k => `3/0.${k}`),
  );
  assert.equal(state.forgiven.baselines, 4, 'three of the first and one of the third');
  assert.deepEqual(state.forgotten, { trials: 3, machineSeconds: 990, last: 6 });
  assert.match(body, /Spent: 15 trials/);
  const next = plan(snapshot({ campaigns: [campaign(state)] }), NOW);
  assert.equal(next.kind === 'dispatch' && next.trial, '3/0.16', 'names are not used again');
});

test('a state that is too large loses tracebacks first, then reported values', async () => {
  const crash = { ...CRASH, traceback: '<'.repeat(1500) };
  const reported = { steps: 953 };
  const crashes = Array.from({ length: 20 }, (_, i) => trial(`3/0.${i + 1}`, 'tree', crash, { reported }));
  const { state } = await saved({ baselines: crashes });
  assert.equal(state.baselines.length, 20);
  assert.deepEqual(state.baselines[0]?.outcome, { ...crash, traceback: '' });
  assert.deepEqual(state.baselines[0]?.reported, reported);
});

test('after a hundred failures of a champion the comment can still be written and read', async () => {
  const fault = { ...FAULT, message: '<'.repeat(500) };
  const faults = Array.from({ length: 100 }, (_, i) => trial(`3/0.${i + 1}`, 'tree', fault));
  const failedProposals = Array.from({ length: 30 }, () => '&'.repeat(300));
  const { state } = await saved({ baselines: faults, failedProposals, topic: '@'.repeat(500) });
  assert.equal(state.baselines.at(-1)?.trial, '3/0.100');
  assert.equal(state.baselines.length + (state.forgotten?.trials ?? 0), 100);
});

test('long texts are cut so that they can be read back, and a code span stays closed', async () => {
  const reason = `The contract cannot be read. \`${'@everyone '.repeat(300)}\``;
  const { body, state } = await saved({ phase: 'paused', reason, failedProposals: ['x'.repeat(1000)] });
  assert.match(state.reason, /^The contract[^`]*`[^`]*`…$/);
  assert.equal(state.failedProposals[0]?.length, 299);
  assert.ok(body.includes(state.reason));
});

test('an up-to-date comment is not updated again', async () => {
  const { body, state } = await saved({ phase: 'paused', reason: `x${'🔬'.repeat(1000)}` });
  assert.ok(body.isWellFormed(), 'GitHub would give back something else');
  const there = campaign(state, { comment: { id: 30, body, updatedAt: NOW.toISOString() } });
  const forbidden = () => Promise.reject(new Error('Expected no write.'));
  const port = { updateComment: forbidden };
  const parts = { campaigns: [there], experiments: [experiment(1)] };
  assert.equal(await refreshStatus(port, snapshot({ campaigns: [there] }), NOW), null);
  assert.equal(await refreshStatus(port, snapshot(parts), NOW), 30, 'a new experiment is shown later');
});

test('every leaner version is shorter', () => {
  const crash = { ...CRASH, traceback: 'line\n'.repeat(100) };
  const baselines = Array.from({ length: 40 }, (_, i) =>
    trial(`3/0.${i + 1}`, 'tree', crash, { reported: { steps: 1 } }),
  );
  const { state } = campaign({ baselines });
  const lengths = state ? [...smallerStates(state)].map(version => JSON.stringify(version).length) : [];
  assert.deepEqual(
    lengths,
    [...new Set(lengths)].sort((a, b) => b - a),
  );
  assert.equal(lengths.length, 6);
});
