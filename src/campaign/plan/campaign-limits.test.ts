import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { contractSchema } from '../../protocol/contract.ts';
import { type Cost, NO_COST } from '../idea.ts';
import {
  ago,
  attempt,
  CRASH,
  campaign,
  experiment,
  NOW,
  sha,
  snapshot,
  trial,
} from '../snapshot.test-helper.ts';
import type { Thought } from '../thought.ts';
import { plan } from './plan.ts';

const PRICE = { input: 1, output: 1 };
const AGENTS = [{ name: 'gpt', use: 'openai', model: 'm', price: PRICE }];

/** What is planned under these limits. */
function planned(
  limits: { hours?: number; usd?: number },
  { startedHoursAgo = 0, ...parts }: Parameters<typeof snapshot>[0] & { startedHoursAgo?: number },
  state: Parameters<typeof campaign>[0] = {},
) {
  const contract = contractSchema.parse({ limits, agents: AGENTS });
  const campaigns = [campaign({ startedAt: ago(startedHoursAgo * 3600), ...state })];
  return plan(snapshot({ contract: { kind: 'contract', contract }, campaigns, ...parts }), NOW);
}

const cost = (usd: number | null): Cost => ({ ...NO_COST, calls: 1, usd });
const closed = (number: number, usd: number | null) =>
  experiment(
    number,
    {
      cost: cost(usd),
      verdict: { kind: 'close', cause: null, reason: '', value: 1, championValue: 1, noise: 0, doubt: 1 },
    },
    { state: 'closed' },
  );
const thought = (state: Thought['state'], task: Thought['task'] = { kind: 'idea', number: 1 }): Thought => ({
  id: 1,
  campaign: 3,
  task,
  state,
});
const kindOf = (...args: Parameters<typeof planned>) => planned(...args).kind;
const endOf = (...args: Parameters<typeof planned>) => {
  const action = planned(...args);
  return action.kind === 'phase' ? `${action.phase}: ${action.reason}` : action.kind;
};

describe('a campaign at its time limit', () => {
  test('finishes and says how long it ran, not a second too early', () => {
    assert.equal(kindOf({ hours: 2 }, { startedHoursAgo: 1.999 }), 'think');
    assert.match(
      endOf({ hours: 2 }, { startedHoursAgo: 2.25 }),
      /^finished: Reached the contract's limit of 2 hours: the campaign was started 2\.25 hours ago/,
    );
    assert.equal(kindOf({}, { startedHoursAgo: 1000 }), 'think', 'without a limit');
  });

  const over = { startedHoursAgo: 3 };

  test('judges open experiments first, and starts none', () => {
    const running = { ...over, attempts: [attempt('3/1.1', {})], experiments: [experiment(1)] };
    assert.equal(kindOf({ hours: 2 }, running, { parallel: 2 }), 'wait');
    assert.equal(kindOf({ hours: 2 }, { ...over, experiments: [experiment(1)] }), 'dispatch');
    const ready = { ...running, thoughts: [thought('idea')] };
    assert.equal(kindOf({ hours: 2 }, ready, { parallel: 2 }), 'writeOff');
  });

  test('does not measure a champion that no experiment will be compared with, but records trials in flight', () => {
    assert.match(endOf({ hours: 2 }, over, { baselines: [] }), /^finished/);
    const measuring = { ...over, attempts: [attempt('3/0.1', {})] };
    assert.equal(kindOf({ hours: 2 }, measuring, { baselines: [] }), 'wait');
    const moved = { branch: 'main', sha: sha('pushed'), tree: sha('pushed tree') };
    assert.equal(kindOf({ hours: 2 }, { ...over, base: moved, experiments: [experiment(1)] }), 'dispatch');
  });
});

describe('a campaign at its cost limit', () => {
  const spent = { experiments: [closed(1, 0.6), closed(2, 0.3)] };

  test('counts experiments and failed proposals, finishes, and says how much was spent', () => {
    assert.equal(kindOf({ usd: 1 }, spent), 'think');
    assert.match(
      endOf({ usd: 1 }, spent, { failedCost: cost(0.15) }),
      /^finished: Reached the contract's limit of \$1: agents have cost \$1\.05\. To continue, raise `limits\.usd`/,
    );
  });

  test("waits for an agent's answer and counts its cost before it finishes", () => {
    const over = { experiments: [closed(1, 1)] };
    assert.equal(kindOf({ usd: 1 }, { ...over, thoughts: [thought('thinking')] }), 'wait');
    assert.equal(kindOf({ usd: 1 }, { ...over, thoughts: [thought('failed')] }), 'writeOff');
    assert.match(endOf({ usd: 1 }, over), /^finished/);
  });

  test('does not ask for a fix after a crash', () => {
    const crashed = (usd: number) =>
      experiment(1, { cost: cost(usd), trials: [trial('3/1.1', 'tree 1', CRASH)] });
    assert.equal(kindOf({ usd: 1 }, { experiments: [crashed(0.5)] }), 'think');
    assert.equal(kindOf({ usd: 1 }, { experiments: [crashed(1)] }), 'close');
  });

  test('finishes if the cost is unknown', () => {
    assert.match(
      endOf({ usd: 1 }, { experiments: [closed(1, null)] }),
      /^finished: Cannot enforce the contract's limit of \$1/,
    );
    assert.equal(kindOf({}, { experiments: [closed(1, null)] }), 'think', 'without a limit');
  });
});

describe('an answer that is not needed any more is written off', () => {
  const repair = { kind: 'repair', pull: 11, commit: sha('commit 1') } as const;

  test('if its experiment has ended or changed', () => {
    const failed = { thoughts: [thought('failed', repair)] };
    assert.equal(kindOf({}, { ...failed, experiments: [closed(1, 0)] }), 'writeOff');
    const repaired = experiment(1, { commit: sha('other') }, { headSha: sha('other') });
    assert.equal(kindOf({}, { ...failed, experiments: [repaired] }), 'writeOff');
    const crashed = experiment(1, { trials: [trial('3/1.1', 'tree 1', CRASH)] });
    assert.equal(kindOf({}, { ...failed, experiments: [crashed] }), 'close', 'the answer is waited for');
  });

  test('if all requested experiments exist, or the campaign has ended', () => {
    const ready = { thoughts: [thought('idea')] };
    assert.equal(kindOf({}, { ...ready, experiments: [closed(1, 0)] }, { target: 1 }), 'writeOff');
    assert.equal(kindOf({}, ready, { phase: 'stopped' }), 'writeOff');
    assert.equal(kindOf({}, ready, { phase: 'paused' }), 'wait', 'it may still be used');
  });
});
