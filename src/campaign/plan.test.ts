import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Action } from './action.ts';
import { contractSchema } from './contract.ts';
import type { RecordedTrial, Verdict } from './model.ts';
import { plan } from './plan.ts';
import {
  ago,
  attempt,
  audited,
  BASELINES,
  CRASH,
  campaign,
  experiment,
  FAULT,
  NOW,
  sha,
  snapshot,
  trial,
} from './snapshot.test-helper.ts';
import type { Thought } from './thought.ts';

/** What is planned, in a few words. */
function planned(parts: Parameters<typeof snapshot>[0]): string {
  return words(plan(snapshot(parts), NOW));
}

function words(action: Action): string {
  switch (action.kind) {
    case 'answer':
      return `answer ${action.command.comment}`;
    case 'phase':
      return `${action.phase}: ${action.reason}`;
    case 'notify':
      return `notify${action.pause ? ' and pause' : ''}: ${action.text}`;
    case 'dispatch':
      return `dispatch ${action.trial} seed ${action.seedIndex}`;
    case 'record':
      return `record ${action.attempt.trial}`;
    case 'think':
      if (action.task.kind === 'try') return `think of what comment ${action.task.comment} asks for`;
      return `think of ${action.task.kind === 'idea' ? 'an idea' : `a ${action.task.kind} of #${action.task.pull}`}`;
    case 'open':
      return `open ${action.number} from thought ${action.thought}`;
    case 'writeOff':
      return `write off thought ${action.thought}`;
    case 'decide':
      return `${action.verdict.kind} #${action.experiment.pull}`;
    case 'found':
    case 'follow':
    case 'promote':
    case 'disband':
      return `${action.kind} for #${action.campaign.issue}`;
    case 'tidy':
      return `tidy ${action.duplicate.kind} ${action.duplicate.id}`;
    case 'clean':
      return `clean ${action.branch}`;
    case 'repeat':
      return `repeat #${action.asked.pull} as ${action.number}`;
    case 'relabel':
      return `relabel #${action.campaign.issue}`;
    case 'wait':
      return 'wait';
    default:
      return `${action.kind} #${action.experiment.pull}`;
  }
}

function thought(
  id: number,
  state: Thought['state'],
  task: Thought['task'] = { kind: 'idea', number: id },
): Thought {
  return { id, campaign: 3, task, state };
}

const CLOSED: Verdict = { kind: 'close', reason: '', value: 1, championValue: 1, noise: 0, doubt: 1 };
const CRASHED: Verdict = { ...CLOSED, kind: 'crash' };
const closed = (number: number, verdict = CLOSED) => experiment(number, { verdict }, { state: 'closed' });

describe('the champion is measured first', () => {
  const starting = (trials = BASELINES.slice(0, 0)) => [campaign({ baselines: trials })];

  test('three baseline trials, one after the other, each on its own seed', () => {
    assert.equal(planned({ campaigns: starting() }), 'dispatch 3/0.1 seed 0');
    assert.equal(planned({ campaigns: starting(BASELINES.slice(0, 2)) }), 'dispatch 3/0.3 seed 2');
    assert.equal(planned({}), 'think of an idea');
  });

  test('a trial in flight is waited for, then recorded', () => {
    const running = { campaigns: starting(), attempts: [attempt('3/0.1', {})] };
    assert.equal(planned(running), 'think of an idea', 'meanwhile');
    assert.equal(planned({ ...running, thoughts: [thought(1, 'idea')] }), 'wait');
    assert.equal(
      planned({ campaigns: starting(), attempts: [attempt('3/0.1', { status: 'completed' })] }),
      'record 3/0.1',
    );
    const measured = attempt('3/0.1', { status: 'completed' }, BASELINES[0] ?? null);
    assert.equal(
      planned({ campaigns: starting(), attempts: [measured] }),
      'record 3/0.1',
      'the marker still lacks it',
    );
  });

  test('a trial that failed through the machine is repeated under a new name, twice', () => {
    const faults = [1, 2].map(k => trial(`3/0.${k}`, 'champion tree', FAULT));
    assert.equal(planned({ campaigns: starting(faults) }), 'dispatch 3/0.3 seed 0');
    const three = [...faults, trial('3/0.3', 'champion tree', FAULT)];
    assert.match(
      planned({ campaigns: starting(three) }),
      /^paused: The champion could not be measured: 3 trials .* unplugged/,
    );
    const forgiven = [campaign({ baselines: three, forgiven: { baselines: 3, experiments: 0 } })];
    assert.equal(planned({ campaigns: forgiven }), 'dispatch 3/0.4 seed 0', 'a person resumed');
  });

  test('a champion that crashes pauses the campaign', () => {
    const crash = [trial('3/0.1', 'champion tree', CRASH)];
    assert.match(
      planned({ campaigns: starting(crash) }),
      /^paused: The champion .* itself crashes \(exception: `ValueError: no`\)/,
    );
  });

  test('a base that someone pushed to is measured before anything is judged', () => {
    const base = { branch: 'main', sha: sha('pushed'), tree: sha('pushed tree') };
    const promising = experiment(1, {
      trials: [trial('3/1.1', 'tree 1', 0.9), trial('3/1.2', 'tree 1', 0.9)],
    });
    assert.equal(planned({ base, experiments: [promising] }), 'dispatch 3/0.4 seed 0');
  });

  test('by as many runners as there are, each on its own seed', () => {
    const parallel = (n: number, attempts: string[], baselines = BASELINES.slice(0, 0)) =>
      planned({
        campaigns: [campaign({ parallel: n, baselines })],
        attempts: attempts.map(id => attempt(id, {})),
        thoughts: [thought(1, 'thinking')],
      });
    assert.equal(parallel(2, ['3/0.1']), 'dispatch 3/0.2 seed 1');
    assert.equal(parallel(2, ['3/0.1', '3/0.2']), 'think of an idea');
    assert.equal(
      parallel(9, ['3/0.1', '3/0.3'], BASELINES.slice(1, 2)),
      'think of an idea',
      'three are enough',
    );
    assert.equal(parallel(9, ['3/0.1', '3/0.2']), 'dispatch 3/0.3 seed 2');
  });

  test('trials of another training time do not count', () => {
    assert.equal(planned({ campaigns: [campaign({ budgetSeconds: 60 })] }), 'dispatch 3/0.4 seed 0');
  });
});

describe('an experiment', () => {
  const measured = (...values: number[]) =>
    experiment(1, { trials: values.map((value, i) => trial(`3/1.${i + 1}`, 'tree 1', value)) });

  test('is labelled, measured and confirmed before it is merged', () => {
    assert.equal(planned({ experiments: [experiment(1, {}, { labelled: false })] }), 'label #11');
    assert.equal(planned({ experiments: [experiment(1)] }), 'dispatch 3/1.1 seed 0');
    assert.equal(planned({ experiments: [measured(0.99)] }), 'dispatch 3/1.2 seed 1');
    assert.equal(planned({ experiments: [measured(0.98, 0.981)] }), 'merge #11');
  });

  test('is closed on the first trial that shows nothing', () => {
    assert.equal(planned({ experiments: [measured(1.01)] }), 'close #11');
  });

  test('waits for a free runner, but not for a trial whose run never came', () => {
    const other = (seconds: number) => attempt('3/0.4', null, null, seconds);
    assert.equal(planned({ experiments: [experiment(1)], attempts: [other(10)] }), 'wait');
    assert.equal(planned({ experiments: [experiment(1)], attempts: [other(600)] }), 'dispatch 3/1.1 seed 0');
  });

  test('counts the result of a completed check run', () => {
    const done = attempt('3/1.1', { status: 'completed' }, trial('3/1.1', 'tree 1', 1.01));
    assert.equal(planned({ experiments: [experiment(1)], attempts: [done] }), 'close #11');
  });

  test('that crashes is closed as a crash, even when another trial of it went well', () => {
    assert.equal(
      planned({
        experiments: [
          experiment(1, { trials: [trial('3/1.1', 'tree 1', 0.5), trial('3/1.2', 'tree 1', CRASH)] }),
        ],
      }),
      'crash #11',
    );
  });

  test("is not blamed for the machine's fault, but given up after the third", () => {
    const faults = (n: number) => Array.from({ length: n }, (_, i) => trial(`3/1.${i + 1}`, 'tree 1', FAULT));
    assert.equal(planned({ experiments: [experiment(1, { trials: faults(2) })] }), 'dispatch 3/1.3 seed 0');
    assert.equal(planned({ experiments: [experiment(1, { trials: faults(3) })] }), 'unmeasurable #11');
  });

  test('whose dispatch got lost is dispatched again after two minutes, under the same name', () => {
    const lost = (seconds: number) => ({
      experiments: [experiment(1)],
      attempts: [attempt('3/1.1', null, null, seconds)],
    });
    assert.equal(planned(lost(100)), 'wait');
    assert.equal(planned(lost(121)), 'dispatch 3/1.1 seed 0');
  });

  test('does not wait for a trial of the champion that got lost and is not needed any more', () => {
    const orphan = attempt('3/0.4', null, null, 121);
    assert.equal(planned({ experiments: [experiment(1)], attempts: [orphan] }), 'dispatch 3/1.1 seed 0');
    const running = attempt('3/1.1', {});
    assert.equal(planned({ experiments: [experiment(1)], attempts: [orphan, running] }), 'tidy check 70');
  });

  test('that someone pushed to is held', () => {
    assert.match(
      planned({ experiments: [experiment(1, {}, { headSha: sha('other') })] }),
      /^paused: Someone pushed to #11/,
    );
  });

  test('that a person closed or merged gets a verdict that says so', () => {
    assert.equal(planned({ experiments: [experiment(1, {}, { state: 'closed' })] }), 'person #11');
    assert.equal(planned({ experiments: [experiment(1, {}, { state: 'merged' })] }), 'person #11');
  });

  test('measured under other conditions than the champion has the champion measured again', () => {
    const elsewhere = experiment(1, { trials: [trial('3/1.1', 'tree 1', 0.9, { machine: 'another GPU' })] });
    assert.equal(planned({ experiments: [elsewhere] }), 'dispatch 3/0.4 seed 0');
    const again = [...BASELINES, trial('3/0.4', 'champion tree', 1, { machine: 'another GPU' })];
    assert.equal(
      planned({ campaigns: [campaign({ baselines: again })], experiments: [elsewhere] }),
      'dispatch 3/1.2 seed 1',
    );
    const faulty = [
      ...BASELINES,
      trial('3/0.4', 'champion tree', FAULT),
      trial('3/0.5', 'champion tree', FAULT),
    ];
    assert.equal(
      planned({ campaigns: [campaign({ baselines: faulty })], experiments: [elsewhere] }),
      'dispatch 3/0.6 seed 0',
    );
    const broken = [...faulty, trial('3/0.6', 'champion tree', FAULT)];
    assert.match(
      planned({ campaigns: [campaign({ baselines: broken })], experiments: [elsewhere] }),
      /^paused: The champion could not be measured/,
    );
    const never = Array.from({ length: 9 }, (_, i) => trial(`3/0.${i + 1}`, 'champion tree', 1));
    const campaigns = [campaign({ baselines: never })];
    assert.equal(planned({ campaigns, experiments: [elsewhere] }), 'dispatch 3/1.2 seed 1');
    const everElsewhere = Array.from({ length: 8 }, (_, i) =>
      trial(`3/1.${i + 1}`, 'tree 1', 0.9, { machine: `GPU ${i}` }),
    );
    assert.equal(
      planned({ campaigns, experiments: [experiment(1, { trials: everElsewhere })] }),
      'unmeasurable #11',
    );
  });

  test('measured on machines of two classes is judged by the one that the champion met, and there most often', () => {
    const on = (machine: string) => ({ machine });
    const here = (k: number, value: number) => trial(`3/1.${k}`, 'tree 1', value);
    const there = (k: number, value: number) => trial(`3/1.${k}`, 'tree 1', value, on('another GPU'));
    const strange = [there(1, 0.5), here(2, 1.01)];
    assert.equal(planned({ experiments: [experiment(1, { trials: strange })] }), 'close #11');
    const known = [...BASELINES, trial('3/0.4', 'champion tree', 0.5, on('another GPU'))];
    const often = [here(1, 1.01), there(2, 0.6), there(3, 0.61)];
    const campaigns = [campaign({ baselines: known })];
    assert.equal(planned({ campaigns, experiments: [experiment(1, { trials: often })] }), 'close #11');
    const better = [here(1, 1.01), there(2, 0.4), there(3, 0.41)];
    assert.equal(planned({ campaigns, experiments: [experiment(1, { trials: better })] }), 'merge #11');
  });
});

test('an experiment whose trials never meet equal conditions is given up after twice the trials of the gate', () => {
  const changing = (n: number) =>
    experiment(1, {
      trials: Array.from({ length: n }, (_, i) =>
        trial(`3/1.${i + 1}`, 'tree 1', 0.99, i === 0 ? {} : { machine: `GPU ${i}` }),
      ),
    });
  assert.match(planned({ experiments: [changing(7)] }), /^dispatch 3\/1\.8/);
  assert.equal(planned({ experiments: [changing(8)] }), 'unmeasurable #11');
  const base = { branch: 'main', sha: sha('new'), tree: sha('champion tree') };
  assert.equal(
    planned({ base, experiments: [changing(8)] }),
    'restack #11',
    'made again, it gets new trials',
  );
});

test('a trial that a person wants comes before what many others say', () => {
  const trials = Array.from({ length: 8 }, (_, i) => trial(`3/1.${i + 1}`, 'tree 1', 1.001));
  const words = [
    { kind: 'rerun', by: 'bob', comment: 1, after: 8 },
    { kind: 'keep', by: 'bob', comment: 2, after: 8 },
  ] as const;
  assert.match(planned({ experiments: [experiment(1, { trials, words: [...words] })] }), /^dispatch 3\/1\.9/);
});

describe('after an idea that no machine could measure', () => {
  const faults = [5, 6, 7].map(runId => trial(`3/1.${runId}`, 'tree 1', FAULT, { runId }));
  const verdict = { ...CLOSED, kind: 'unmeasurable' } as const;
  const broken = experiment(1, { verdict, trials: faults }, { state: 'closed' });
  const after = (...outcomes: (number | typeof FAULT)[]) => {
    const checks = outcomes.map((outcome, i) =>
      trial(`3/0.${i + 4}`, 'champion tree', outcome, { runId: 8 + i, seed: i + 1 }),
    );
    return { experiments: [broken], campaigns: [campaign({ baselines: [...BASELINES, ...checks] })] };
  };

  test('the champion is measured, and where that works the idea was at fault', () => {
    assert.equal(planned(after()), 'dispatch 3/0.4 seed 0');
    assert.equal(planned(after(FAULT)), 'dispatch 3/0.5 seed 0');
    assert.equal(planned(after(FAULT, 1.001)), 'think of an idea');
  });

  test('the campaign pauses where the champion cannot be measured either', () => {
    const reason = /^paused: The champion could not be measured: 3 trials .* unplugged/;
    assert.match(planned(after(FAULT, FAULT, FAULT)), reason);
    const { experiments, campaigns } = after(FAULT, FAULT, FAULT);
    const forgiven = { experiments: 1, baselines: 6 };
    const resumed = campaign({ baselines: campaigns[0]?.state?.baselines ?? [], forgiven });
    assert.equal(planned({ experiments, campaigns: [resumed] }), 'think of an idea');
  });
});

describe('a number that was refereed', () => {
  const flags = ['3 of 8192 blind predictions differ by more than 0.0001 nats'];
  const unaudited = { refereed: { ...audited(), audit: null } };
  const measured = (...more: Partial<RecordedTrial>[]) =>
    experiment(1, { trials: more.map((each, i) => trial(`3/1.${i + 1}`, 'tree 1', 0.9, each)) });

  test('leads to a merge only when every trial of it was audited', () => {
    assert.equal(planned({ experiments: [measured({}, {})] }), 'merge #11');
    assert.equal(planned({ experiments: [measured({}, unaudited)] }), 'close #11');
    assert.equal(planned({ experiments: [measured(unaudited, {})] }), 'close #11');
    assert.equal(planned({ experiments: [measured({ refereed: null }, { refereed: null })] }), 'close #11');
  });

  test('needs no audit where the contract names no referee', () => {
    const contract = contractSchema.parse({ metric: { name: 'p99_ms', goal: 'minimize' } });
    const reported = measured({ refereed: null }, { refereed: null });
    assert.equal(planned({ contract: { kind: 'contract', contract }, experiments: [reported] }), 'merge #11');
  });

  test('that its audit does not agree with is never merged, and the campaign waits for a person', () => {
    const flagged = measured({}, { refereed: audited(flags) });
    const action = plan(snapshot({ experiments: [flagged] }), NOW);
    assert.equal(words(action), 'flagged #11');
    assert.match(
      action.kind === 'decide' ? action.verdict.reason : '',
      /The audit of trial 3\/1\.2 does not agree with the number: 3 of 8192/,
    );
    const settled = closed(1, { ...CLOSED, kind: 'flagged' });
    assert.match(planned({ experiments: [settled] }), /^paused: #11 is not to be trusted/);
    const seen = [campaign({ notices: ['flagged 11'], forgiven: { baselines: 0, experiments: 2 } })];
    assert.equal(planned({ campaigns: seen, experiments: [settled] }), 'think of an idea');
    const another = closed(2, { ...CLOSED, kind: 'flagged' });
    assert.match(
      planned({ campaigns: seen, experiments: [settled, another] }),
      /^paused: #12 is not/,
      'one that was still running when a person let the campaign go on',
    );
  });

  test('of a champion whose own audit fails pauses the campaign before any idea is tried', () => {
    const first = trial('3/0.1', 'champion tree', 1, { refereed: audited(flags) });
    assert.match(
      planned({ campaigns: [campaign({ baselines: [first] })] }),
      /^paused: The audit of the champion .* does not agree with its number: `3 of 8192/,
    );
  });
});

test('a gain far beyond the effects of all ideas before it is held for a person, not merged', () => {
  const before = [1.004, 1.01, 1.002, 1.006, 1.003].map((value, i) => {
    const trials = [trial(`3/${i + 2}.1`, `tree ${i + 2}`, value)];
    return experiment(i + 2, { trials, verdict: CLOSED }, { state: 'closed' });
  });
  const trials = [0.7, 0.701].map((value, i) => trial(`3/1.${i + 1}`, 'tree 1', value));
  assert.equal(planned({ experiments: [experiment(1, { trials }), ...before] }), 'hold #11');
  assert.equal(planned({ experiments: [experiment(1, { trials }), ...before.slice(1)] }), 'merge #11');
});

describe('when the champion moved while a candidate was measured', () => {
  const base = { branch: 'main', sha: sha('new'), tree: sha('tree 2') };
  const merged = experiment(
    2,
    {
      trials: [trial('3/2.1', 'tree 2', 0.95), trial('3/2.2', 'tree 2', 0.951)],
      verdict: { ...CLOSED, kind: 'merge' },
    },
    { state: 'merged' },
  );
  const stale = (value: number, more = {}) =>
    experiment(1, { trials: [trial('3/1.1', 'tree 1', value), trial('3/1.2', 'tree 1', value)], ...more });

  test('a promising one is restacked and measured again, never merged', () => {
    assert.equal(planned({ base, experiments: [stale(0.8), merged] }), 'restack #11');
    assert.equal(planned({ base, experiments: [experiment(1), merged] }), 'restack #11');
  });

  test('a hopeless one is closed without that', () => {
    assert.equal(planned({ base, experiments: [stale(1.2), merged] }), 'close #11');
  });

  test('two restacks are enough', () => {
    assert.equal(planned({ base, experiments: [stale(0.8, { restacks: 2 }), merged] }), 'superseded #11');
  });

  test('a restack that was interrupted is finished', () => {
    const half = experiment(
      1,
      { champion: { sha: base.sha, tree: base.tree }, previous: sha('commit old'), staleTrials: 2 },
      { headSha: sha('commit old') },
    );
    assert.equal(planned({ base, experiments: [half, merged] }), 'move #11');
    const whole = { ...half, headSha: half.marker.commit };
    assert.equal(
      planned({ base, experiments: [whole, merged] }),
      'dispatch 3/1.3 seed 0',
      'stale trials keep their names',
    );
  });

  test('the merged tree needs no baselines: it inherits its trials', () => {
    assert.equal(planned({ base, experiments: [merged] }), 'think of an idea');
  });
});

describe('an agent thinks beside the loop', () => {
  const contract = contractSchema.parse({
    parallel: 2,
    agents: [{ name: 'gpt', use: 'openai', model: 'gpt-5' }],
  });
  const file = { kind: 'contract', contract } as const;
  const running = [experiment(1), experiment(2)];
  const attempts = [attempt('3/1.1', {}), attempt('3/2.1', {})];

  test('so that an idea is there when a runner is free, and one at a time while none is', () => {
    const busy = { contract: file, experiments: running, attempts };
    assert.equal(planned(busy), 'think of an idea');
    assert.equal(planned({ ...busy, thoughts: [thought(1, 'thinking')] }), 'wait');
    assert.equal(planned({ ...busy, thoughts: [thought(1, 'idea')] }), 'wait', 'one ahead is enough');
    assert.equal(
      planned({ ...busy, experiments: running.slice(0, 1), thoughts: [thought(1, 'idea')] }),
      'open 2 from thought 1',
    );
  });

  test('several think at once where several runners wait', () => {
    const idle = (...thoughts: Thought[]) => planned({ contract: file, thoughts });
    assert.equal(idle(thought(1, 'thinking')), 'think of an idea');
    assert.equal(idle(thought(1, 'thinking'), thought(2, 'thinking')), 'wait');
    assert.equal(idle(thought(1, 'thinking'), thought(2, 'failed')), 'open 1 from thought 2');
  });

  test('not of more ideas than were asked for', () => {
    const campaigns = [campaign({ target: 2 })];
    assert.equal(planned({ contract: file, experiments: running, attempts, campaigns }), 'wait');
  });

  const crashed = (repairs: number) => experiment(1, { repairs, trials: [trial('3/1.1', 'tree 1', CRASH)] });
  const repair = { kind: 'repair', pull: 11, commit: sha('commit 1') } as const;

  test('of how to mend a crash, at most twice', () => {
    const broken = { contract: file, experiments: [crashed(1)] };
    assert.equal(planned(broken), 'think of a repair of #11');
    const others = [thought(1, 'thinking'), thought(2, 'thinking')];
    assert.equal(planned({ ...broken, thoughts: [...others, thought(3, 'thinking', repair)] }), 'wait');
    assert.equal(planned({ ...broken, thoughts: [thought(3, 'idea', repair)] }), 'revise #11');
    assert.equal(planned({ ...broken, thoughts: [thought(3, 'failed', repair)] }), 'crash #11');
    assert.equal(planned({ contract: file, experiments: [crashed(2)] }), 'crash #11');
  });

  test('of how to port an idea to a new champion, once', () => {
    const port = { ...repair, kind: 'port' } as const;
    const unfit = { contract: file, experiments: [experiment(1)] };
    assert.equal(planned({ ...unfit, thoughts: [thought(3, 'idea', port)] }), 'revise #11');
    assert.equal(planned({ ...unfit, thoughts: [thought(3, 'failed', port)] }), 'superseded #11');
  });
});

describe('a campaign', () => {
  test('proposes until it has as many experiments as asked for, then finishes', () => {
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

  test('ends at the limit of the contract', () => {
    const contract = contractSchema.parse({ limits: { experiments: 2 } });
    const experiments = [closed(1), closed(2)];
    assert.match(
      planned({ contract: { kind: 'contract', contract }, experiments }),
      /^finished: The contract's limit of 2/,
    );
  });

  test('pauses after five proposals in a row came to nothing', () => {
    const campaigns = [campaign({ failedInARow: 5, failedProposals: ['no JSON'] })];
    assert.match(planned({ campaigns }), /^paused: 5 proposals in a row .* `no JSON`/);
  });

  test('pauses after five crashes in a row, and a person can forgive them', () => {
    const crashes = [1, 2, 3, 4, 5].map(n => closed(n, CRASHED));
    assert.match(
      planned({ experiments: crashes, campaigns: [campaign({ target: 9 })] }),
      /^paused: 5 experiments in a row crashed/,
    );
    const resumed = campaign({ target: 9, forgiven: { baselines: 0, experiments: 5 } });
    assert.equal(planned({ experiments: crashes, campaigns: [resumed] }), 'think of an idea');
  });

  test('pauses for crashes whatever else is open, thought of or ready', () => {
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

  test('that is paused starts nothing, but keeps what was measured', () => {
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

  test('that is stopped gives up what runs, closes what is open and deletes its branches', () => {
    const campaigns = [campaign({ phase: 'stopped' })];
    const experiments = [experiment(1)];
    const giving = plan(snapshot({ campaigns, experiments, attempts: [attempt('3/1.1', {})] }), NOW);
    assert.deepEqual(giving.kind === 'decide' && giving.unfinished.map(({ trial: id }) => id), ['3/1.1']);
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

  test('pauses when the contract breaks, and says where', () => {
    const contract = {
      kind: 'problems',
      problems: [{ line: 4, key: 'parallel', expected: 'a number', found: '"many"' }],
    } as const;
    assert.match(
      planned({ contract: { ...contract, problems: [...contract.problems] } }),
      /^paused: The contract cannot be read\. `\.github\/research\.yml:4: parallel: expected a number, found "many"/,
    );
  });

  test('waits for an older one on the same base', () => {
    const younger = campaign({ startedAt: '2026-03-08T01:00:00Z', target: 1 }, { issue: 4 });
    const first = plan(snapshot({ campaigns: [younger, campaign()] }), NOW);
    assert.equal(first.kind === 'think' && first.campaign.issue, 3);
  });

  test('whose state was deleted says so once', () => {
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
  });

  test('is said once after ten minutes', () => {
    assert.equal(planned(queued(590)), 'wait');
    assert.match(planned(queued(610)), /^notify: No runner has picked up trial 3\/1\.1 for ten minutes/);
    assert.equal(planned(queued(610, ['no runner for run 7'])), 'wait');
  });

  test('pauses the campaign after an hour; after a resume the stale run is recorded as lost', () => {
    assert.match(planned(queued(3610)), /^notify and pause: No runner picked up trial 3\/1\.1 for an hour/);
    assert.equal(planned(queued(3610, ['paused for run 7'])), 'record 3/1.1');
  });

  test('waits its turn while another is in progress, and gets its time after one ended', () => {
    const waiting = queued(3610);
    const busy = [...waiting.attempts, attempt('3/0.4', { id: 6 })];
    assert.equal(planned({ ...waiting, attempts: busy }), 'wait');
    assert.equal(planned({ ...waiting, runEndedAt: ago(590) }), 'wait');
    assert.match(planned({ ...waiting, runEndedAt: ago(610) }), /^notify: No runner/);
    assert.match(planned({ ...waiting, runEndedAt: ago(3610) }), /^notify and pause: No runner/);
  });

  test('is named for all that wait with it', () => {
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

test('commands come before anything else', () => {
  const command = {
    comment: 99,
    issue: 3,
    author: 'alice',
    command: { kind: 'command', command: { kind: 'stop' } },
  } as const;
  assert.equal(planned({ commands: [command], experiments: [experiment(1)] }), 'answer 99');
});

describe('branches', () => {
  test('the one that a kill left without its pull request is deleted before the next idea', () => {
    const branches = new Map([['research/3/1', sha('x')]]);
    assert.equal(planned({ branches, leftovers: ['research/3/1'] }), 'clean research/3/1');
  });

  test('of people on the next experiment’s name: the experiment takes the name after it', () => {
    const branches = new Map([['research/3/1', sha('work of a person')]]);
    assert.equal(planned({ branches, thoughts: [thought(1, 'idea')] }), 'open 2 from thought 1');
  });

  test('that of a settled experiment is deleted when there is nothing better to do', () => {
    const branches = new Map([['research/3/1', sha('commit 1')]]);
    assert.equal(planned({ experiments: [closed(1)], branches }), 'think of an idea');
    const campaigns = [campaign({ phase: 'paused' })];
    assert.equal(planned({ campaigns, experiments: [closed(1)], branches }), 'clean research/3/1');
  });

  test('of people are left alone, whatever they are called', () => {
    const branches = new Map(
      ['research/ablation', 'research/3/7', 'research/9/1', 'research/night'].map(name => [name, sha('x')]),
    );
    assert.equal(planned({ branches, campaigns: [campaign({ phase: 'paused' })] }), 'wait');
    const reused = new Map([['research/3/1', sha('work of a person')]]);
    assert.equal(
      planned({ branches: reused, campaigns: [campaign({ phase: 'paused' })], experiments: [closed(1)] }),
      'wait',
    );
  });
});

describe('a person', () => {
  test('who edits the hidden part of a description away pauses the campaign, and is told what to do', () => {
    const unreadable = [{ pull: 11, open: true, campaign: 3, number: 1 }];
    assert.match(planned({ unreadable }), /^paused: The hidden part of the description of #11 is gone/);
    const gone = unreadable.map(found => ({ ...found, open: false }));
    assert.equal(planned({ unreadable: gone }), 'think of an idea', 'its number is not used again');
  });

  test('who makes another branch the base has what was made for the old one closed, never merged', () => {
    const base = { branch: 'dev', sha: sha('champion'), tree: sha('champion tree') };
    const better = [trial('3/1.1', 'tree 1', 0.9), trial('3/1.2', 'tree 1', 0.9)];
    assert.equal(planned({ base, experiments: [experiment(1, { trials: better })] }), 'superseded #11');
  });

  test('who closes a pull request that was to be merged is taken at their word', () => {
    const refused = experiment(1, { verdict: { ...CLOSED, kind: 'merge' } }, { state: 'closed' });
    assert.equal(planned({ experiments: [refused] }), 'person #11');
  });
});
