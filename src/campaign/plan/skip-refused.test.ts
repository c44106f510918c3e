import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contractSchema } from '../../protocol/contract.ts';
import type { Action } from '../action.ts';
import { attempt, campaign, experiment, NOW, sha, snapshot } from '../snapshot.test-helper.ts';
import type { Thought } from '../thought.ts';
import { planWithout } from './skip-refused.ts';

const issueIn = (action: Action) => ('campaign' in action ? action.campaign.issue : null);
/** Any action for campaign 3. */
const ofThree = (action: Action) => issueIn(action) === 3;
const IDEA: Thought = { id: 1, campaign: 3, task: { kind: 'idea', number: 1 }, state: 'idea' };
const younger = campaign({ startedAt: '2026-03-08T01:00:00Z' }, { issue: 4 });

test("if one campaign's actions are refused, it is the next campaign's turn", () => {
  const campaigns = [campaign(), younger];
  assert.equal(issueIn(planWithout(snapshot({ campaigns }), NOW, () => false)), 3);
  assert.equal(issueIn(planWithout(snapshot({ campaigns }), NOW, ofThree)), 4);
});

test("but not if the base is the first campaign's own branch", () => {
  const contract = contractSchema.parse({ base: 'campaign' });
  const apart = { contract: { kind: 'contract', contract } as const, campaigns: [campaign(), younger] };
  const first = planWithout(snapshot(apart), NOW, () => false);
  assert.deepEqual([first.kind, issueIn(first)], ['createBase', 3]);
  assert.equal(planWithout(snapshot(apart), NOW, ofThree).kind, 'wait');
});

test('a verdict that cannot be carried out does not block others', () => {
  const stopped = snapshot({
    campaigns: [campaign({ phase: 'stopped' })],
    experiments: [experiment(1), experiment(2)],
  });
  const planned = (pulls: readonly number[]) =>
    planWithout(stopped, NOW, action => action.kind === 'close' && pulls.includes(action.experiment.pull));
  const next = planned([11]);
  assert.equal(next.kind === 'close' && next.experiment.pull, 12);
  assert.equal(planned([11, 12]).kind, 'wait');
});

test('a clean-up that cannot be carried out does not block anything else', () => {
  const lost = attempt('3/0.4', null, null, 121);
  const parts = {
    campaigns: [campaign({ phase: 'paused' })],
    duplicates: [{ kind: 'run', id: 5 }] as const,
    branches: new Map([['research/3/1', sha('x')]]),
    leftovers: ['research/3/1'],
    attempts: [lost],
  };
  const done: string[] = [];
  const all = (action: Action) => {
    done.push(action.kind);
    return true;
  };
  assert.equal(planWithout(snapshot(parts), NOW, all).kind, 'wait');
  assert.deepEqual(done, ['clean', 'tidy', 'tidy']);
  const running = { ...parts, campaigns: [campaign()], thoughts: [IDEA], attempts: [] };
  const next = planWithout(snapshot(running), NOW, ({ kind }) => kind === 'clean' || kind === 'tidy');
  assert.equal(next.kind === 'open' && next.number, 2, 'the name of the branch that stays is taken');
});
