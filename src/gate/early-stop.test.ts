import assert from 'node:assert/strict';
import { test } from 'node:test';

const UNSPENT = 0.5;

import { cannotWin, previewError, stopBar, stoppedStep } from './early-stop.ts';
import { type GateRules, judgeKnowing } from './gate.ts';
import { type Knowledge, learn, type Step, scaleOf, startKnowledge } from './knowledge.ts';

const RULES: GateRules = { goal: 'minimize', rule: 'bayes', falseMerges: 0.1, maxTrials: 3, noise: 0.002 };
const BASELINES = [1.0, 1.002, 0.998];
/** Previews are 0.1 ± 0.001 too high. */
const ERROR = { shift: -0.1, variance: 1e-6 };

function knowing(goal: GateRules['goal'] = 'minimize', sign = 1): Knowledge {
  const samples = BASELINES.map((value, seed) => ({ seed, value: sign * value }));
  const step: Step = { kind: 'champion', samples };
  return learn(startKnowledge(scaleOf([step], goal, RULES.noise, [])), step);
}

test('how far off previews are is learned from finished trials, with more uncertainty if there are few', () => {
  const pairs = [0.001, -0.001, 0, 0.002, -0.002].map(d => ({ preview: 1.1 + d, value: 1 }));
  assert.equal(previewError(pairs.slice(0, 4)), null);
  const few = previewError(pairs);
  assert.ok(few && Math.abs(few.shift + 0.1) < 1e-12);
  // s² = 2.5e-6, times 6/5 for the estimated shift, times 4/2 for the estimated variance.
  assert.ok(Math.abs(few.variance - 6e-6) < 1e-12, String(few.variance));
  const many = previewError(Array.from({ length: 40 }, () => pairs).flat());
  assert.ok(many && many.variance < 2.1e-6);
  assert.deepEqual(previewError([...pairs, { preview: 9, value: 1 }]), few, 'learned again at seven');
});

test('ideas whose previews are better than they end do not have later ideas stopped', () => {
  /** Previews are 0.1 ± 0.002 too high, and `lie` less. */
  const pair = (i: number, lie: number) => ({ preview: 1.1 + 0.003 * Math.sin(7 * i) - lie, value: 1 });
  const own = [0, 1, 2].map(i => pair(i, 0));
  for (const lie of [0.01, 0.02, 0.05, 1])
    for (const liars of [3, 12, 48]) {
      const finished = [...own, ...Array.from({ length: liars }, (_, i) => pair(3 + i, lie))];
      const error = previewError(finished, own.length);
      const better = { seed: 0, value: 0.994 + 0.1 };
      assert.ok(!error || !cannotWin(knowing(), better, error, UNSPENT, RULES), `${liars} of ${lie}`);
    }
  const honest = [...own, ...Array.from({ length: 12 }, (_, i) => pair(3 + i, 0))];
  const [known, unknown] = [previewError(honest, own.length), previewError(honest)];
  assert.ok(known && unknown && known.variance < 1.1 * unknown.variance, 'honest ones differ by chance');
});

test('a first trial is stopped if its preview is hopeless, and only then', () => {
  const stopped = (value: number) => cannotWin(knowing(), { seed: 0, value }, ERROR, 0.4, RULES);
  assert.equal(stopped(1.12), true);
  assert.equal(stopped(1.095), false);
  assert.equal(stopped(1.08), false);
});

test('a trial is more likely to be finished if little time is left, or if previews say little', () => {
  const worst = (error: typeof ERROR, unspent: number) =>
    [1.09, 1.098, 1.1, 1.102, 1.104, 1.106, 1.11].findIndex(value =>
      cannotWin(knowing(), { seed: 0, value }, error, unspent, RULES),
    );
  const usual = worst(ERROR, 0.4);
  assert.ok(usual > 0);
  assert.ok(worst(ERROR, 0.02) > usual);
  assert.equal(worst({ ...ERROR, variance: 1 }, 0.02), -1);
});

test('a metric to be maximised is the mirror image', () => {
  const rules: GateRules = { ...RULES, goal: 'maximize' };
  const mirrored = { shift: 0.1, variance: 1e-6 };
  for (const value of [1.08, 1.1, 1.103, 1.106, 1.12])
    assert.equal(
      cannotWin(knowing('maximize', -1), { seed: 0, value: -value }, mirrored, 0.4, rules),
      cannotWin(knowing(), { seed: 0, value }, ERROR, 0.4, RULES),
      String(value),
    );
});

test('a first trial is stopped beyond the bar, and not before it', () => {
  const later = [knowing(), stoppedStep({ seed: 0, value: 1.12 }, ERROR)] as const;
  for (const known of [later[0], learn(...later)])
    for (const error of [ERROR, { shift: 0.3, variance: 4e-6 }])
      for (const [goal, sign] of [
        ['minimize', 1],
        ['maximize', -1],
      ] as const) {
        const rules: GateRules = { ...RULES, goal };
        const mirrored = { ...error, shift: sign * error.shift };
        const knowledge = goal === 'minimize' ? known : knowing('maximize', -1);
        const bar = stopBar(knowledge, 0, mirrored, UNSPENT, rules);
        assert.ok(bar !== null);
        const stopped = (value: number) => cannotWin(knowledge, { seed: 0, value }, mirrored, UNSPENT, rules);
        // A tenth of the noise on either side, and far away.
        for (const off of [1e-9, 0.0002, 0.01, 1]) assert.equal(stopped(bar + sign * off), true, `${off}`);
        for (const off of [0.0002, 0.01, 1]) assert.equal(stopped(bar - sign * off), false, `−${off}`);
      }
});

test('nothing is stopped under the greedy rule, or before two trials of a tree have differed', () => {
  assert.equal(stopBar(knowing(), 0, ERROR, UNSPENT, { ...RULES, rule: 'greedy' }), null);
  const constant: Step = { kind: 'champion', samples: [0, 1, 2].map(seed => ({ seed, value: 1 })) };
  const known = learn(startKnowledge(scaleOf([constant], 'minimize', null, [])), constant);
  assert.equal(stopBar(known, 0, ERROR, UNSPENT, { ...RULES, noise: null }), null);
  const vague = stopBar(knowing(), 0, { ...ERROR, variance: 1 }, UNSPENT, RULES);
  assert.ok(vague === null || vague > 2, `previews that say nothing stop next to nothing: ${vague}`);
});

test('a stopped trial teaches less than a finished one, and does not contradict it', () => {
  const candidate = { samples: [{ seed: 0, value: 0.995 }], addedTokens: 0 };
  const doubt = (steps: Step[]) => judgeKnowing(steps.reduce(learn, knowing()), candidate, RULES).doubt;
  const finished: Step = { kind: 'experiment', samples: [{ seed: 0, value: 1.02 }], merged: false };
  const guessed = stoppedStep({ seed: 0, value: 1.12 }, ERROR);
  const vague = stoppedStep({ seed: 0, value: 1.12 }, { ...ERROR, variance: 1 });
  assert.ok(Math.abs(doubt([guessed]) - doubt([finished])) < 0.02);
  assert.ok(Math.abs(doubt([vague]) - doubt([])) < 0.02);
});
