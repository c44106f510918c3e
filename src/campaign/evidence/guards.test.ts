import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { contractSchema } from '../../protocol/contract.ts';
import type { Action } from '../action.ts';
import { describeAction } from '../action.ts';
import type { ExperimentMarker, RecordedTrial, Verdict } from '../marker.ts';
import type { Experiment, Snapshot } from '../model.ts';
import { plan } from '../plan/plan.ts';
import { CLOSED } from '../plan.test-helper.ts';
import { campaign, experiment, NOW, sha, snapshot, trial } from '../snapshot.test-helper.ts';

const MEMORY = { name: 'memory', at_most: '1.1x' };
const ACCURACY = { name: 'accuracy', at_least: 0.92 };

function contractOf(guards: object[], more: object = {}) {
  const metric = { name: 'p99_ms', goal: 'minimize' };
  return { kind: 'contract', contract: contractSchema.parse({ metric, guards, ...more }) } as const;
}

type Numbers = RecordedTrial['numbers'];

/** A trial with a score and guarded numbers. */
function measured(
  id: string,
  tree: string,
  value: number,
  numbers: Numbers,
  more: Partial<RecordedTrial> = {},
) {
  return trial(id, tree, value, { numbers, refereed: null, ...more });
}

/** The champion's baselines: 1.0 ± 0.002, with these numbers. */
function baselines(...numbers: Numbers[]): RecordedTrial[] {
  return [1.0, 1.002, 0.998].map((value, i) =>
    measured(`3/0.${i + 1}`, 'champion tree', value, numbers[i] ?? numbers[0] ?? {}, { seed: i + 1 }),
  );
}

const EVEN = baselines({ memory: 1000 }, { memory: 1010 }, { memory: 990 });
/** Far better than the champion. */
const GAIN = 0.9;

interface Scene {
  guards?: object[];
  champion?: RecordedTrial[];
  contract?: object;
  more?: Experiment[];
  marker?: Partial<ExperimentMarker>;
  base?: Pick<Snapshot, 'base'>;
}

/** What is planned for an idea with these numbers, one trial each, that gains; and in short. */
function judged(
  numbers: Numbers[],
  scene: Scene = {},
): { action: Action; said: string; verdict: Verdict | null } {
  const { guards = [MEMORY], champion = EVEN, contract = {}, more = [], marker = {}, base = {} } = scene;
  const trials = numbers.map((each, i) =>
    measured(`3/1.${i + 1}`, 'tree 1', GAIN + i * 1e-4, each, { seed: i + 1, base: sha('champion') }),
  );
  const shown = snapshot({
    contract: contractOf(guards, contract),
    campaigns: [campaign({ baselines: champion, notices: ['unmet guard accuracy 0.92'] })],
    experiments: [experiment(1, { trials, ...marker }), ...more],
    ...base,
  });
  const action = plan(shown, NOW);
  return { action, said: describeAction(action), verdict: 'verdict' in action ? action.verdict : null };
}

describe('an idea that gains', () => {
  test('is merged within its guards, and its verdict says what they were', () => {
    const { said, verdict } = judged([{ memory: 1050 }]);
    assert.equal(said, 'merge #11');
    const [found] = verdict?.guards ?? [];
    assert.deepEqual(
      [found?.kind, found?.value, found?.limit, found?.reference, found?.trials],
      ['kept', 1050, 1100, 1000, 1],
    );
  });

  test('is closed where it breaks a guard: which one, what was allowed, what was measured, and against what', () => {
    const { action, said, verdict } = judged([{ memory: 1843 }]);
    assert.equal(said, 'guard #11');
    assert.equal(action.kind, 'close');
    assert.equal(
      verdict?.reason,
      "Breaks the guard memory: 1843 in 1 trial, but at most 1100 is allowed (1.1x the reference champion's 1000).",
    );
    assert.deepEqual([verdict?.value, verdict?.compared?.champion.length], [0.9, 3]);
    const least = judged([{ accuracy: 0.9 }], {
      guards: [ACCURACY],
      champion: baselines({ accuracy: 0.931 }),
    });
    assert.equal(
      least.verdict?.reason,
      'Breaks the guard accuracy: 0.9 in 1 trial, but at least 0.92 is required (the reference champion has 0.931).',
    );
  });

  test('gets another trial where it is beyond the limit by no more than the noise, until there are max_trials', () => {
    assert.match(judged([{ memory: 1110 }]).said, /^dispatch 3\/1\.2/);
    assert.equal(judged([{ memory: 1110 }, { memory: 1080 }]).said, 'merge #11');
    const often = [1105, 1103, 1104, 1102].map(memory => ({ memory }));
    assert.match(judged(often.slice(0, 3)).said, /^dispatch 3\/1\.4/);
    assert.equal(judged(often).said, 'guard #11');
    assert.equal(judged(often.slice(0, 1), { contract: { gate: { rule: 'greedy' } } }).said, 'guard #11');
  });

  test('is never merged without the number: one that was not reported closes it, one that could not be measured is tried again', () => {
    const without = judged([{ memory: null }]);
    assert.equal(without.said, 'guard #11');
    assert.equal(
      without.verdict?.reason,
      'Breaks the guard memory, which was not reported in every trial. An idea is not merged without it.',
    );
    assert.equal(judged([{ memory: 1000 }, { memory: null }]).said, 'guard #11');
    assert.match(judged([{}]).said, /^dispatch 3\/1\.2/);
    assert.equal(judged([{}, { memory: 1000 }]).said, 'merge #11');
    const outside = {
      guards: [{ name: 'peak_memory_mb', at_most: '1.1x' }],
      champion: baselines({ peak_memory_mb: 9 }),
    };
    const never = judged([{}, {}, {}, {}], outside);
    assert.equal(never.said, 'guard #11');
    assert.match(
      never.verdict?.reason ?? '',
      /^Breaks the guard peak_memory_mb, which could not be measured/,
    );
  });

  test('has to keep every guard', () => {
    const guards = [MEMORY, ACCURACY];
    const champion = baselines({ memory: 1000, accuracy: 0.95 });
    assert.equal(judged([{ memory: 1000, accuracy: 0.95 }], { guards, champion }).said, 'merge #11');
    assert.equal(judged([{ memory: 1000, accuracy: 0.9 }], { guards, champion }).said, 'guard #11');
    assert.equal(judged([{ memory: 2000, accuracy: 0.95 }], { guards, champion }).said, 'guard #11');
  });

  test('is not held for a person if it breaks a guard, and a person who keeps it is told', () => {
    const before = [1.004, 1.01, 1.002, 1.006, 1.003].map((value, i) => {
      const trials = [measured(`3/${i + 2}.1`, `tree ${i + 2}`, value, { memory: 1000 })];
      return experiment(i + 2, { trials, verdict: CLOSED }, { state: 'closed' });
    });
    const far = (memory: number, words: ExperimentMarker['words'] = []) => {
      const trials = [0.7, 0.701].map((value, i) => measured(`3/1.${i + 1}`, 'tree 1', value, { memory }));
      return judged([], { more: before, marker: { trials, words } });
    };
    assert.equal(far(1000).said, 'hold #11');
    assert.equal(far(1500).said, 'guard #11');
    const kept = far(1500, [{ kind: 'keep', by: 'bob', comment: 1, after: 0 }]);
    assert.equal(kept.said, 'merge #11');
    assert.match(kept.verdict?.reason ?? '', /^Kept by bob\. Breaks the guard memory: 1500 in 2 trials/);
    assert.equal(kept.verdict?.guards?.[0]?.kind, 'broken');
  });

  test('is restacked first if the champion has changed, because the limit may have', () => {
    const moved = { sha: sha('new champion'), tree: sha('new tree') };
    const { said } = judged([{ memory: 1843 }], {
      base: { base: { branch: 'main', ...moved } },
      champion: [
        ...EVEN,
        ...[1, 2, 3].map(k => measured(`3/0.${k + 3}`, 'new tree', 1, { memory: 2000 }, { seed: k })),
      ],
    });
    assert.equal(said, 'restack #11');
  });

  test('gets the champion measured where that has no such number under its conditions', () => {
    const older = EVEN.map(each => ({ ...each, numbers: {} }));
    const newer = measured('3/0.4', 'champion tree', 1, { memory: 1000 }, { machine: 'other GPU' });
    assert.match(judged([{ memory: 1000 }], { champion: [...older, newer] }).said, /^dispatch 3\/0\.5/);
  });
});

test('an idea that did not gain is closed as ever, and is no near miss if it also broke a guard', () => {
  const trials = [measured('3/1.1', 'tree 1', 1.2, { memory: 9000 })];
  const { said, verdict } = judged([], { marker: { trials } });
  assert.equal(said, 'close #11');
  assert.equal(verdict?.guards?.[0]?.kind, 'broken');
});

describe('the reference champion', () => {
  /** Merges of `sizes` one after the other, then an idea on the last of them. */
  function after(sizes: number[], size: number, how: (i: number) => Partial<Verdict> = () => ({})) {
    const treeOf = (i: number) => (i < 0 ? 'champion tree' : `merged ${i}`);
    const merges = sizes.map((memory, i) => {
      const verdict: Verdict = { ...CLOSED, kind: 'merge', cause: 'better', ...how(i) };
      const champion = { sha: sha(`${treeOf(i - 1)} commit`), tree: sha(treeOf(i - 1)) };
      const trials = [1, 2].map(k =>
        measured(`3/${i + 2}.${k}`, treeOf(i), 1 - 0.05 * (i + 1), { memory }, { seed: k }),
      );
      return experiment(i + 2, { champion, tree: sha(treeOf(i)), trials, verdict }, { state: 'merged' });
    });
    const last = { sha: sha('tip'), tree: sha(treeOf(sizes.length - 1)) };
    const trials = [measured('3/1.1', 'tree 1', 0.5, { memory: size })];
    return judged([], {
      more: merges,
      marker: { champion: last, trials },
      base: { base: { branch: 'main', ...last } },
    });
  }

  test('is the one that the campaign began with, so that limits do not multiply', () => {
    assert.equal(after([1090], 1095).said, 'merge #11');
    assert.equal(after([1090], 1150).said, 'guard #11');
    assert.equal(after([1050, 1090], 1150).verdict?.guards?.[0]?.reference, 1000);
  });

  test('becomes the one that a person kept or merged', () => {
    assert.equal(after([1090], 1150, () => ({ cause: 'kept' })).said, 'merge #11');
    assert.equal(after([1090], 1150, () => ({ kind: 'person', cause: null })).said, 'merge #11');
    assert.equal(after([1050, 1090], 1150, i => (i === 0 ? { cause: 'kept' } : {})).said, 'merge #11');
    assert.equal(after([1040, 1090], 1150, i => (i === 0 ? { cause: 'kept' } : {})).said, 'guard #11');
  });
});

describe('before the first idea', () => {
  const started = (champion: RecordedTrial[], guards: object[] = [MEMORY], state: object = {}) => {
    const campaigns = [campaign({ baselines: champion, ...state })];
    return describeAction(plan(snapshot({ contract: contractOf(guards), campaigns }), NOW));
  };

  test('a number that the champion does not report pauses the campaign after its first trial, with the nearest name', () => {
    const reported = { accuracy: 0.9, loss: 1 };
    const first = measured('3/0.1', 'champion tree', 1, { acuracy: null }, { reported });
    assert.equal(
      started([first], [{ name: 'acuracy', at_least: 0.9 }]),
      'paused: The guard `acuracy` cannot be checked: trial 3/0.1 of the champion reported no number of that name (did you mean `accuracy`?), found `accuracy`, `loss`. Fix `guards` in the contract, or let the command report it, then comment `/research resume`.',
    );
  });

  test('a number that the machine cannot tell pauses the campaign once the champion is measured', () => {
    const guards = [{ name: 'peak_memory_mb', at_most: 100 }];
    const none = baselines({});
    assert.match(started(none.slice(0, 1), guards), /^dispatch 3\/0\.2/);
    assert.match(started(none, guards), /^paused: The guard `peak_memory_mb` cannot be checked: .* on `GPU`/);
    const resumed = { forgiven: { baselines: 3, experiments: 0 } };
    assert.match(started(none, guards, resumed), /^dispatch 3\/0\.4/, 'a person may have fixed the machine');
    const once = baselines({}, { peak_memory_mb: 90 }, {});
    assert.equal(started(once, guards), 'think of an idea');
  });

  test('an absolute limit that the champion does not meet is said once, with what it means', () => {
    const low = baselines({ accuracy: 0.9 });
    assert.match(
      started(low, [ACCURACY]),
      /^notify: The champion does not meet the guard `accuracy` itself: the contract says at least 0\.92, and it has 0\.900000\. Until/,
    );
    const told = { notices: ['unmet guard accuracy 0.92'] };
    assert.equal(started(low, [ACCURACY], told), 'think of an idea');
    assert.equal(started(baselines({ accuracy: 0.93 }), [ACCURACY]), 'think of an idea');
    const scene = { guards: [ACCURACY], champion: low };
    assert.equal(judged([{ accuracy: 0.9 }], scene).said, 'merge #11');
    assert.equal(judged([{ accuracy: 0.89 }], scene).said, 'guard #11');
  });
});
