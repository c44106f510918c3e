import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contractSchema } from '../protocol/contract.ts';
import { type Action, type ActionOf, keyOf } from './action.ts';
import type { Asked, CampaignBase, Final } from './marker.ts';
import { isKnown, type KnownCampaign, type PendingCommand } from './model.ts';
import { ended, paused } from './phase.ts';
import { CLOSED } from './plan.test-helper.ts';
import { attempt, campaign, experiment, sha, trial } from './snapshot.test-helper.ts';

const three = known(campaign());
const four = known(campaign({}, { issue: 4 }));
/** Campaign 3 at a later look. */
const later = known(campaign({ failedInARow: 1, notices: ['said'] }));
const contract = contractSchema.parse({});
const [first, second] = [experiment(1), experiment(2)];
const measured = [trial('3/1.1', 'tree 1', 0.9)];
const merging = { ...CLOSED, kind: 'merge' } as const;
const base: CampaignBase = {
  start: { sha: sha('start'), tree: sha('start tree') },
  tip: { sha: sha('tip'), tree: sha('tip tree') },
  touched: false,
};
const command: PendingCommand = {
  comment: 9,
  issue: 3,
  author: 'ann',
  permitted: true,
  command: { kind: 'command', command: { kind: 'pause' } },
};
const asked: Asked = { comment: 8, by: 'bob', idea: 'depth = 3', pull: 11, parts: [] };
const final = (number: number): Final => ({
  number,
  of: base.tip,
  base: base.tip.sha,
  budgetSeconds: 1800,
  seeds: 3,
  trials: [],
});
const completed = { status: 'completed', conclusion: 'success' } as const;

/** Of every kind: two actions about the same thing, then others, each about something else. */
const ACTIONS: { [Kind in Exclude<Action['kind'], 'wait'>]: [...About<Kind>, ActionOf<Kind>] } = {
  answer: [
    { kind: 'answer', command },
    { kind: 'answer', command: { ...command } },
    { kind: 'answer', command: { ...command, comment: 10 } },
  ],
  deny: [
    { kind: 'deny', issue: 3, commands: [command] },
    { kind: 'deny', issue: 3, commands: [{ ...command }] },
    { kind: 'deny', issue: 3, commands: [command, { ...command, comment: 10 }] },
  ],
  phase: [
    { kind: 'phase', campaign: three, ...paused('2 minutes ago') },
    { kind: 'phase', campaign: later, ...paused('3 minutes ago') },
    { kind: 'phase', campaign: three, ...ended('finished', '2 minutes ago') },
    { kind: 'phase', campaign: four, ...paused('2 minutes ago') },
  ],
  notify: [
    { kind: 'notify', campaign: three, key: 'no runner for run 7', text: 'One.', pause: false },
    { kind: 'notify', campaign: later, key: 'no runner for run 7', text: 'Two.', pause: false },
    { kind: 'notify', campaign: three, key: 'no runner for run 8', text: 'One.', pause: false },
    { kind: 'notify', campaign: four, key: 'no runner for run 7', text: 'One.', pause: false },
  ],
  label: [
    { kind: 'label', experiment: first },
    { kind: 'label', experiment: experiment(1, { repairs: 1 }) },
    { kind: 'label', experiment: second },
  ],
  relabel: [
    { kind: 'relabel', campaign: three },
    { kind: 'relabel', campaign: later },
    { kind: 'relabel', campaign: four },
  ],
  dispatch: [
    { kind: 'dispatch', campaign: three, contract, experiment: first, trial: '3/1.1', seedIndex: 0 },
    { kind: 'dispatch', campaign: later, contract, experiment: first, trial: '3/1.1', seedIndex: 0 },
    { kind: 'dispatch', campaign: three, contract, experiment: first, trial: '3/1.2', seedIndex: 1 },
    { kind: 'dispatch', campaign: three, contract, experiment: null, trial: '3/0.1', seedIndex: 0 },
  ],
  record: [
    { kind: 'record', campaign: three, contract, experiment: null, attempt: attempt('3/0.1', completed) },
    { kind: 'record', campaign: later, contract, experiment: null, attempt: attempt('3/0.1', completed) },
    { kind: 'record', campaign: three, contract, experiment: null, attempt: attempt('3/0.2', completed) },
    // What stands in its check run is yet to be copied.
    {
      kind: 'record',
      campaign: three,
      contract,
      experiment: null,
      attempt: attempt('3/0.1', completed, trial('3/0.1', 'champion tree', 1)),
    },
  ],
  think: [
    { kind: 'think', campaign: three, contract, task: { kind: 'idea', number: 1 } },
    { kind: 'think', campaign: later, contract, task: { kind: 'idea', number: 2 } },
    { kind: 'think', campaign: four, contract, task: { kind: 'idea', number: 1 } },
    { kind: 'think', campaign: three, contract, task: { kind: 'try', number: 1, comment: 8 } },
    { kind: 'think', campaign: three, contract, task: { kind: 'try', number: 1, comment: 9 } },
    { kind: 'think', campaign: three, contract, task: { kind: 'port', pull: 11, commit: 'a' } },
    { kind: 'think', campaign: three, contract, task: { kind: 'repair', pull: 11, commit: 'a' } },
    { kind: 'think', campaign: three, contract, task: { kind: 'repair', pull: 11, commit: 'b' } },
    { kind: 'think', campaign: three, contract, task: { kind: 'repair', pull: 12, commit: 'a' } },
  ],
  open: [
    { kind: 'open', campaign: three, contract, number: 1, thought: 5 },
    { kind: 'open', campaign: later, contract, number: 2, thought: 5 },
    { kind: 'open', campaign: three, contract, number: 1, thought: 6 },
  ],
  stack: [
    { kind: 'stack', campaign: three, contract, number: 5, parts: [first, second], asked: null },
    { kind: 'stack', campaign: later, contract, number: 6, parts: [first, second], asked: null },
    { kind: 'stack', campaign: three, contract, number: 5, parts: [second], asked: null },
  ],
  credit: [
    { kind: 'credit', part: first, stack: second },
    { kind: 'credit', part: experiment(1, { repairs: 1 }), stack: second },
    { kind: 'credit', part: second, stack: first },
  ],
  repeat: [
    { kind: 'repeat', campaign: three, contract, number: 1, asked },
    { kind: 'repeat', campaign: later, contract, number: 2, asked },
    { kind: 'repeat', campaign: three, contract, number: 1, asked: { ...asked, comment: 9 } },
  ],
  hold: [
    { kind: 'hold', campaign: three, contract, experiment: first, verdict: CLOSED, trials: [] },
    {
      kind: 'hold',
      campaign: later,
      contract,
      experiment: first,
      verdict: { ...CLOSED, reason: 'Because.' },
      trials: measured,
    },
    { kind: 'hold', campaign: three, contract, experiment: second, verdict: CLOSED, trials: [] },
  ],
  writeOff: [
    { kind: 'writeOff', campaign: three, thought: 5 },
    { kind: 'writeOff', campaign: later, thought: 5 },
    { kind: 'writeOff', campaign: three, thought: 6 },
  ],
  restack: [
    { kind: 'restack', campaign: three, contract, experiment: first },
    { kind: 'restack', campaign: later, contract, experiment: experiment(1, { trials: measured }) },
    { kind: 'restack', campaign: three, contract, experiment: second },
  ],
  revise: [
    { kind: 'revise', campaign: three, contract, experiment: first, thought: 5 },
    { kind: 'revise', campaign: later, contract, experiment: first, thought: 5 },
    { kind: 'revise', campaign: three, contract, experiment: first, thought: 6 },
    { kind: 'revise', campaign: three, contract, experiment: second, thought: 5 },
  ],
  move: [
    { kind: 'move', experiment: first },
    { kind: 'move', experiment: experiment(1, { restacks: 1 }) },
    { kind: 'move', experiment: second },
  ],
  merge: [
    { kind: 'merge', campaign: three, contract, experiment: first, verdict: merging, trials: [] },
    { kind: 'merge', campaign: later, contract, experiment: first, verdict: merging, trials: measured },
    { kind: 'merge', campaign: three, contract, experiment: second, verdict: merging, trials: [] },
  ],
  close: [
    { kind: 'close', experiment: first, verdict: CLOSED, trials: [], unfinished: [] },
    {
      kind: 'close',
      experiment: first,
      verdict: { ...CLOSED, reason: 'Because.', value: 2 },
      trials: measured,
      unfinished: [attempt('3/1.2', null)],
    },
    { kind: 'close', experiment: second, verdict: CLOSED, trials: [], unfinished: [] },
    // A person decided otherwise.
    { kind: 'close', experiment: first, verdict: { ...CLOSED, kind: 'person' }, trials: [], unfinished: [] },
  ],
  createBase: [
    { kind: 'createBase', campaign: three },
    { kind: 'createBase', campaign: later },
    { kind: 'createBase', campaign: four },
  ],
  followBase: [
    { kind: 'followBase', campaign: three, base, tip: { sha: sha('new'), tree: sha('tree') } },
    { kind: 'followBase', campaign: later, base, tip: { sha: sha('new'), tree: sha('tree') } },
    { kind: 'followBase', campaign: three, base, tip: { sha: sha('newer'), tree: sha('tree') } },
    { kind: 'followBase', campaign: four, base, tip: { sha: sha('new'), tree: sha('tree') } },
  ],
  promote: [
    { kind: 'promote', campaign: three, contract, base },
    { kind: 'promote', campaign: later, contract, base },
    { kind: 'promote', campaign: four, contract, base },
  ],
  deleteBase: [
    { kind: 'deleteBase', campaign: three, base },
    { kind: 'deleteBase', campaign: later, base },
    { kind: 'deleteBase', campaign: four, base },
  ],
  addFinals: [
    { kind: 'addFinals', campaign: three, finals: [final(10_001)] },
    { kind: 'addFinals', campaign: later, finals: [final(10_001)] },
    { kind: 'addFinals', campaign: three, finals: [final(10_002)] },
  ],
  digest: [
    { kind: 'digest', campaign: three, contract, key: 'digest 2026-03-08' },
    { kind: 'digest', campaign: later, contract, key: 'digest 2026-03-08' },
    { kind: 'digest', campaign: three, contract, key: 'digest 2026-03-09' },
    { kind: 'digest', campaign: four, contract, key: 'digest 2026-03-08' },
  ],
  report: [
    { kind: 'report', campaign: three, contract },
    { kind: 'report', campaign: later, contract },
    { kind: 'report', campaign: four, contract },
  ],
  tidy: [
    { kind: 'tidy', duplicate: { kind: 'run', id: 1 } },
    { kind: 'tidy', duplicate: { kind: 'run', id: 1 } },
    { kind: 'tidy', duplicate: { kind: 'run', id: 2 } },
    { kind: 'tidy', duplicate: { kind: 'comment', id: 1 } },
    { kind: 'tidy', duplicate: { kind: 'check', id: 1, trial: '3/1.1' } },
  ],
  clean: [
    { kind: 'clean', branch: 'research/3/1', sha: sha('a') },
    { kind: 'clean', branch: 'research/3/1', sha: sha('a') },
    { kind: 'clean', branch: 'research/3/1', sha: sha('b') },
    { kind: 'clean', branch: 'research/3/2', sha: sha('a') },
  ],
};

type About<Kind extends Action['kind']> = [ActionOf<Kind>, ActionOf<Kind>, ...ActionOf<Kind>[]];

function known(found: ReturnType<typeof campaign>): KnownCampaign {
  assert.ok(isKnown(found));
  return found;
}

for (const [kind, [one, again]] of Object.entries(ACTIONS))
  test(`${kind}: what is done twice about the same thing has one key`, () => {
    assert.equal(keyOf(one), keyOf(again));
  });

test('actions about different things have different keys, whatever their kinds', () => {
  const keys = Object.values(ACTIONS).flatMap(([, ...different]) => different.map(keyOf));
  assert.deepEqual(
    keys.filter((key, i) => keys.indexOf(key) !== i),
    [],
  );
});
