import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { contractSchema } from '../../protocol/contract.ts';
import type { Verdict } from '../marker.ts';
import { CLOSED, closed, planned, thought } from '../plan.test-helper.ts';
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

const CRASHED: Verdict = { ...CLOSED, kind: 'crash' };

describe('an agent is asked', () => {
  const contract = contractSchema.parse({
    parallel: 2,
    agents: [{ name: 'gpt', use: 'openai', model: 'gpt-5' }],
  });
  const file = { kind: 'contract', contract } as const;
  const running = [experiment(1), experiment(2)];
  const attempts = [attempt('3/1.1', {}), attempt('3/2.1', {})];

  test('for an idea before a runner is free, and for one at a time while none is', () => {
    const busy = { contract: file, experiments: running, attempts };
    assert.equal(planned(busy), 'think of an idea');
    assert.equal(planned({ ...busy, thoughts: [thought(1, 'thinking')] }), 'wait');
    assert.equal(planned({ ...busy, thoughts: [thought(1, 'idea')] }), 'wait', 'one ahead is enough');
    assert.equal(
      planned({ ...busy, experiments: running.slice(0, 1), thoughts: [thought(1, 'idea')] }),
      'open 2 from thought 1',
    );
  });

  test('for several ideas at once if several runners are free', () => {
    const idle = (...thoughts: Thought[]) => planned({ contract: file, thoughts });
    assert.equal(idle(thought(1, 'thinking')), 'think of an idea');
    assert.equal(idle(thought(1, 'thinking'), thought(2, 'thinking')), 'wait');
    assert.equal(idle(thought(1, 'thinking'), thought(2, 'failed')), 'open 1 from thought 2');
  });

  test('for no more ideas than were requested', () => {
    const campaigns = [campaign({ target: 2 })];
    assert.equal(planned({ contract: file, experiments: running, attempts, campaigns }), 'wait');
  });

  const crashed = (repairs: number) => experiment(1, { repairs, trials: [trial('3/1.1', 'tree 1', CRASH)] });
  const repair = { kind: 'repair', pull: 11, commit: sha('commit 1') } as const;

  test('to fix a crash, at most twice', () => {
    const broken = { contract: file, experiments: [crashed(1)] };
    assert.equal(planned(broken), 'think of a repair of #11');
    const others = [thought(1, 'thinking'), thought(2, 'thinking')];
    assert.equal(planned({ ...broken, thoughts: [...others, thought(3, 'thinking', repair)] }), 'wait');
    assert.equal(planned({ ...broken, thoughts: [thought(3, 'idea', repair)] }), 'revise #11');
    assert.equal(planned({ ...broken, thoughts: [thought(3, 'failed', repair)] }), 'crash #11');
    assert.equal(planned({ contract: file, experiments: [crashed(2)] }), 'crash #11');
  });

  test('to port an idea to a new champion, once', () => {
    const port = { ...repair, kind: 'port' } as const;
    const unfit = { contract: file, experiments: [experiment(1)] };
    assert.equal(planned({ ...unfit, thoughts: [thought(3, 'idea', port)] }), 'revise #11');
    assert.equal(planned({ ...unfit, thoughts: [thought(3, 'failed', port)] }), 'superseded #11');
  });
});

describe('a campaign', () => {
  test('proposes until it has as many experiments as requested, then finishes', () => {
    assert.equal(planned({ experiments: [1, 2, 3, 4].map(n => closed(n)) }), 'think of an idea');
    assert.match(
      planned({ experiments: [1, 2, 3, 4, 5].map(n => closed(n)) }),
      /^finished: All experiments have a verdict/,
    );
  });

  test('keeps as many experiments open as there are runners', () => {
    const running = [experiment(1), experiment(2)];
    const attempts = [attempt('3/1.1', {}), attempt('3/2.1', {})];
    assert.equal(planned({ experiments: running, attempts, campaigns: [campaign({ parallel: 2 })] }), 'wait');
    assert.equal(
      planned({ experiments: running, attempts, campaigns: [campaign({ parallel: 3 })] }),
      'think of an idea',
    );
  });

  test("ends at the contract's limit", () => {
    const contract = contractSchema.parse({ limits: { experiments: 2 } });
    const experiments = [closed(1), closed(2)];
    assert.match(
      planned({ contract: { kind: 'contract', contract }, experiments }),
      /^finished: Reached the contract's limit of 2 experiments/,
    );
  });

  test('pauses after five failed proposals in a row', () => {
    const campaigns = [campaign({ failedInARow: 5, failedProposals: ['no JSON'] })];
    assert.match(planned({ campaigns }), /^paused: 5 proposals failed in a row\. Last error: `no JSON`/);
  });

  test('pauses after five crashes in a row, until a person resumes it', () => {
    const crashed = { ...CRASHED, reason: 'Crashed (exception): no' };
    const crashes = [1, 2, 3, 4, 5].map(n => closed(n, crashed));
    assert.match(
      planned({ experiments: crashes, campaigns: [campaign({ target: 9 })] }),
      /^paused: 5 experiments in a row crashed/,
    );
    const [alike = '', different = ''] = [
      crashed,
      { ...CRASHED, reason: 'Crashed (exception): @eve, `no`' },
    ].map(verdict =>
      planned({
        experiments: [...crashes.slice(0, 4), closed(5, verdict)],
        campaigns: [campaign({ target: 9 })],
      }),
    );
    assert.equal(
      alike,
      'paused: 5 experiments in a row crashed (#11, #12, #13, #14, #15), all with the same error: `Crashed (exception): no`. The same error from different ideas usually comes from the machine or its environment. If the machine was at fault, fix it and comment `/research rerun` on the pull requests that deserve another try. Then comment `/research resume` here. Anyone with write permission can do this.',
    );
    assert.match(
      different,
      /\(#11, .*\), the last one with: `Crashed \(exception\): @eve, 'no'`\. Check their output\. If the machine was/,
    );
    const once = contractSchema.parse({ limits: { crashes_in_a_row: 1 } });
    assert.match(
      planned({
        contract: { kind: 'contract', contract: once },
        experiments: crashes.slice(0, 1),
        campaigns: [campaign({ target: 9 })],
      }),
      /^paused: #11 crashed: `Crashed \(exception\): no`\. Check their output\. If/,
    );
    const resumed = campaign({ target: 9, forgiven: { baselines: 0, experiments: 5 } });
    assert.equal(planned({ experiments: crashes, campaigns: [resumed] }), 'think of an idea');
  });

  test('pauses for crashes even if other experiments or ideas are pending', () => {
    const crashes = [1, 2, 3, 4, 5].map(n => closed(n, CRASHED));
    const campaigns = [campaign({ target: 9, parallel: 2 })];
    const ready = [thought(3, 'idea', { kind: 'idea', number: 6 })];
    assert.match(
      planned({ experiments: crashes, campaigns, thoughts: ready }),
      /^paused: 5 experiments in a row/,
    );
    const running = { experiments: [...crashes, experiment(6)], attempts: [attempt('3/6.1', {})] };
    assert.match(planned({ ...running, campaigns }), /^paused: 5 experiments in a row/);
    const good = [...crashes.slice(0, 4), closed(5), experiment(6)];
    assert.equal(planned({ ...running, experiments: good, campaigns }), 'think of an idea');
    assert.match(
      planned({ experiments: crashes, campaigns: [campaign({ target: 5 })] }),
      /^finished: All experiments have a verdict/,
    );
  });

  test('that is paused starts nothing, but records what was measured', () => {
    const campaigns = [campaign({ phase: 'paused' })];
    assert.equal(planned({ campaigns, experiments: [experiment(1)] }), 'wait');
    assert.equal(
      planned({
        campaigns,
        experiments: [experiment(1)],
        attempts: [attempt('3/1.1', { status: 'completed' })],
      }),
      'record 3/1.1',
    );
  });

  test('that is stopped cancels its runs, closes its experiments and deletes their branches', () => {
    const campaigns = [campaign({ phase: 'stopped' })];
    const experiments = [experiment(1)];
    const giving = plan(snapshot({ campaigns, experiments, attempts: [attempt('3/1.1', {})] }), NOW);
    assert.deepEqual(giving.kind === 'close' && giving.unfinished.map(({ trial: id }) => id), ['3/1.1']);
    assert.equal(
      planned({ campaigns, experiments, attempts: [attempt('3/1.1', { status: 'completed' })] }),
      'record 3/1.1',
    );
    assert.equal(planned({ campaigns, experiments }), 'stopped #11');
    assert.equal(planned({ campaigns, leftovers: ['research/3/1'] }), 'clean research/3/1');
  });

  test('stops when its issue is closed', () => {
    assert.equal(
      planned({ campaigns: [campaign({}, { issueOpen: false })] }),
      'stopped: The issue was closed.',
    );
  });

  test('pauses when the contract is invalid, and names the line', () => {
    const contract = {
      kind: 'problems',
      problems: [{ line: 4, key: 'parallel', expected: 'a number', found: '"many"' }],
    } as const;
    assert.match(
      planned({ contract: { ...contract, problems: [...contract.problems] } }),
      /^paused: The contract cannot be read: `\.github\/research\.yml:4: parallel: expected a number, found "many"/,
    );
  });

  test('waits for an older one on the same base', () => {
    const younger = campaign({ startedAt: '2026-03-08T01:00:00Z', target: 1 }, { issue: 4 });
    const first = plan(snapshot({ campaigns: [younger, campaign()] }), NOW);
    assert.equal(first.kind === 'think' && first.campaign.issue, 3);
  });

  test('whose state was deleted gets one notice', () => {
    const lost = campaign(null);
    assert.match(
      planned({ campaigns: [lost], experiments: [closed(1)] }),
      /^notify: The status comment of this campaign was deleted/,
    );
    assert.equal(
      planned({ campaigns: [{ ...lost, notices: ['state lost'] }], experiments: [closed(1)] }),
      'wait',
    );
  });
});

describe('a run that no runner picks up', () => {
  const queued = (seconds: number, notices: string[] = []) => ({
    experiments: [experiment(1)],
    attempts: [attempt('3/1.1', { status: 'queued', createdAt: ago(seconds) })],
    campaigns: [campaign({ notices })],
    runEndedAt: ago(5000),
  });

  test('is reported once after ten minutes', () => {
    assert.equal(planned(queued(590)), 'wait');
    assert.match(planned(queued(610)), /^notify: No runner has picked up trial 3\/1\.1 for 10 min/);
    assert.equal(planned(queued(610, ['no runner for run 7'])), 'wait');
  });

  test('is reported within a minute if no run was ever picked up, with the labels', () => {
    const first = (seconds: number) => ({ ...queued(seconds), runEndedAt: null });
    assert.equal(planned(first(20)), 'wait');
    assert.match(planned(first(30)), /^notify: No runner has picked up trial 3\/1\.1 for 25 s/);
    const said = plan(snapshot(first(30)), NOW);
    assert.equal(said.kind === 'notify' ? said.queuedRun : null, 7);
  });

  test('pauses the campaign after an hour; after a resume the run is recorded as lost', () => {
    assert.match(
      planned(queued(3610)),
      /^notify and pause: No runner has picked up trial 3\/1\.1 for an hour/,
    );
    assert.equal(planned(queued(3610, ['paused for run 7'])), 'record 3/1.1');
  });

  test('is not reported while another run is in progress, and its time starts when that ends', () => {
    const waiting = queued(3610);
    const busy = [...waiting.attempts, attempt('3/0.4', { id: 6 })];
    assert.equal(planned({ ...waiting, attempts: busy }), 'wait');
    assert.equal(planned({ ...waiting, runEndedAt: ago(590) }), 'wait');
    assert.match(planned({ ...waiting, runEndedAt: ago(610) }), /^notify: No runner/);
    assert.match(planned({ ...waiting, runEndedAt: ago(3610) }), /^notify and pause: No runner/);
  });

  test('is reported together with all others in the queue', () => {
    const experiments = [experiment(1), experiment(2)];
    const attempts = [8, 7].map((id, i) =>
      attempt(`3/${i + 1}.1`, { id, status: 'queued', createdAt: ago(610) }),
    );
    const said = plan(snapshot({ experiments, attempts }), NOW);
    assert.ok(said.kind === 'notify');
    assert.match(said.text, /trial 3\/2\.1/);
    const campaigns = [campaign({ notices: [said.key] })];
    assert.equal(planned({ experiments, attempts, campaigns }), 'wait');
    const later = [...attempts, attempt('3/1.2', { id: 9, status: 'queued', createdAt: ago(610) })];
    assert.equal(planned({ experiments, attempts: later, campaigns }), 'wait');
    assert.match(planned({ experiments, attempts: later.slice(2), campaigns }), /^notify: No runner/);
  });
});
