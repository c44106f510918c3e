import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createRandom } from '../sim/random.ts';
import type { Sample } from './filter.ts';
import { type Candidate, type GateRules, judge } from './gate.ts';
import type { Step } from './knowledge.ts';

const RULES: GateRules = { goal: 'minimize', rule: 'bayes', falseMerges: 0.1, maxTrials: 3, noise: null };

/** Trials on seeds 1, 2, 3 … */
function samples(...values: number[]): Sample[] {
  return values.map((value, i) => ({ seed: 1 + (i % 3), value }));
}

const champion = (...values: number[]): Step => ({ kind: 'champion', samples: samples(...values) });
const lost = (...values: number[]): Step => ({
  kind: 'experiment',
  samples: samples(...values),
  merged: false,
});
const won = (...values: number[]): Step => ({
  kind: 'experiment',
  samples: samples(...values),
  merged: true,
});
const BASELINES = champion(1.0, 1.002, 0.998);

function verdict(values: number[], history: Step[] = [BASELINES], rules: Partial<GateRules> = {}) {
  return judge(history, { samples: samples(...values), addedTokens: 0 }, { ...RULES, ...rules });
}

/** A random campaign with noise 0.002 around 1: some judged ideas, and an idea under test. The same seed gives the same campaign. */
function drawn(seed: number): { history: Step[]; candidate: Candidate } {
  const random = createRandom(seed);
  const around = (level: number, trials: number) =>
    samples(...Array.from({ length: trials }, () => level + 0.002 * random.normal()));
  const history: Step[] = [{ kind: 'champion', samples: around(1, 3) }];
  const ideas = Math.floor(random.next() * 8);
  for (let i = 0; i < ideas; i++)
    history.push({
      kind: 'experiment',
      samples: around(1 + 0.006 * random.normal(), 1 + Math.floor(random.next() * 3)),
      merged: random.next() < 0.2,
    });
  const trials = 1 + Math.floor(random.next() * 3);
  return { history, candidate: { samples: around(1 - 0.008 * random.next(), trials), addedTokens: 0 } };
}

/** The same measurements with every score transformed. */
function translated(steps: readonly Step[], change: (value: number) => number): Step[] {
  return steps.map(step =>
    step.kind === 'champion' || step.kind === 'experiment'
      ? { ...step, samples: step.samples.map(({ seed, value }) => ({ seed, value: change(value) })) }
      : step,
  );
}

describe('after three baselines', () => {
  test('a clear gain is merged', () => {
    const { kind, gain, doubt } = verdict([0.9, 0.901]);
    assert.equal(kind, 'merge');
    assert.ok(Math.abs(gain - 0.1) < 0.004 && doubt < 0.05, `${gain}, ${doubt}`);
  });

  test('an idea that is clearly worse is closed on its first trial', () => {
    assert.equal(verdict([1.01]).kind, 'close');
    assert.equal(verdict([1.2]).kind, 'close');
  });

  test('a promising first trial is repeated, and the idea closed if it was chance', () => {
    assert.equal(verdict([0.994]).kind, 'again');
    assert.equal(verdict([0.994, 1.0]).kind, 'close');
    assert.equal(verdict([0.994, 0.995, 0.993]).kind, 'merge');
  });

  test('no idea gets more trials than the rules allow', () => {
    for (const value of [0.99, 0.995, 0.997, 0.998, 1, 1.003]) {
      assert.notEqual(verdict([value, value, value]).kind, 'again');
      assert.notEqual(verdict([value, value], [BASELINES], { maxTrials: 2 }).kind, 'again');
    }
  });
});

describe('the gate learns from the history', () => {
  test("the champion's lucky score does not become the bar", () => {
    // The merged idea's first trial was far better than its others.
    const lucky = [BASELINES, lost(1.004, 1.003, 1.006), lost(1.002, 0.999), won(0.976, 0.984, 0.985)];
    assert.equal(verdict([0.9765], lucky, { noise: 0.002 }).kind, 'again');
    assert.equal(verdict([0.9765], lucky, { rule: 'greedy' }).kind, 'close');
  });

  test('baselines that happened to agree are corrected by what trials of ideas scatter, within bounds', () => {
    const agreed = champion(1.0, 1.0005, 0.9995);
    const scattered = [lost(1.004, 0.997, 1.002), lost(0.998, 1.003, 0.996), lost(1.001, 0.996, 1.003)];
    const few = verdict([0.996], [agreed]);
    const many = verdict([0.996], [agreed, ...scattered]);
    assert.ok(few.doubt < 0.2 && many.doubt > 0.6, `${few.doubt}, ${many.doubt}`);
    // Part of the scatter may be a level that moves.
    assert.ok(many.noise > 1.25 * few.noise);
    const wild = scattered.map(() => lost(0.998, 1e6, -1e6));
    assert.ok(verdict([0.996], [agreed, ...wild]).noise < 5 * few.noise);
  });

  test('diverged runs say almost nothing about the noise', () => {
    const usual = [BASELINES, lost(1.003), lost(1.001), lost(1.004)];
    const calm = verdict([0.994, 0.995], usual);
    for (const broken of [3, 1e4, 1e30]) {
      const shaken = verdict([0.994, 0.995], [...usual, lost(broken), lost(broken * 1.1)]);
      assert.notEqual(shaken.kind, 'close');
      assert.ok(Math.abs(shaken.noise / calm.noise - 1) < 0.15, `${broken}: ${shaken.noise}, ${calm.noise}`);
      assert.ok(Math.abs(shaken.gain / calm.gain - 1) < 0.05, `${broken}: ${shaken.gain}, ${calm.gain}`);
    }
  });

  test('after the base moved to other code, the level is learned from trials of that code, and the noise stays known', () => {
    const before = [BASELINES, lost(1.004), lost(1.001, 1.003)];
    const moved: Step[] = [...before, { kind: 'moved' }, champion(0.901, 0.899, 0.9)];
    assert.equal(verdict([0.95], moved).kind, 'close');
    const { gain, noise } = verdict([0.85, 0.85], moved);
    assert.ok(Math.abs(gain - 0.05) < 0.003, String(gain));
    assert.ok(noise > 0.0007, String(noise));
  });

  test('if seeds shift all trees alike, a difference on one seed counts more', () => {
    const shift = [0, 0.01, -0.01];
    const wobble = [0.0004, -0.0003, 0.0002, -0.0005, 0.0001, 0.0003];
    const onSeeds = (level: number, from: number) =>
      shift.map((s, k) => level + s + (wobble[(from + k) % wobble.length] ?? 0));
    const ideas = [1.01, 1.02, 1.005].map((level, i) => lost(...onSeeds(level, i + 1)));
    const first = verdict([0.99], [champion(...onSeeds(1, 0))]);
    const later = verdict([0.99], [champion(...onSeeds(1, 0)), ...ideas]);
    assert.ok(later.noise < 0.7 * first.noise, `${later.noise}, ${first.noise}`);
    assert.ok(later.doubt < 0.7 * first.doubt, `${later.doubt}, ${first.doubt}`);
  });
});

describe('a metric without noise', () => {
  const still = champion(5, 5, 5);

  test('merges any real gain after its confirmation, and nothing else', () => {
    assert.equal(verdict([4.999], [still]).kind, 'again');
    assert.equal(verdict([4.999, 4.999], [still]).kind, 'merge');
    assert.equal(verdict([5], [still]).kind, 'close');
    assert.equal(verdict([5.001], [still]).kind, 'close');
    const { gain, noise } = verdict([4.999, 4.999], [still]);
    assert.ok(Math.abs(gain - 0.001) < 1e-6 && noise === 0, `${gain}, ${noise}`);
  });

  test('keeps merging gains of very different sizes', () => {
    const history = [still, won(4, 4), lost(4.5), won(3.9999, 3.9999), lost(1e9)];
    assert.equal(verdict([3.99985, 3.99985], history).kind, 'merge');
    assert.equal(verdict([3.99995], history).kind, 'close');
  });

  test('that turns out to be coarse is judged by the scatter of the confirmation', () => {
    assert.equal(verdict([0.89], [champion(0.9, 0.9, 0.9)]).kind, 'again');
    const { kind, noise } = verdict([0.89, 0.91], [champion(0.9, 0.9, 0.9)]);
    assert.equal(kind, 'close');
    assert.ok(noise > 0.002, String(noise));
  });

  test('may be zero', () => {
    assert.equal(verdict([0], [champion(0, 0, 0)]).kind, 'close');
    assert.equal(verdict([-1, -1], [champion(0, 0, 0)]).kind, 'merge');
  });
});

test('one trial each of champion and idea shows no noise, so a second one is run before a verdict', () => {
  assert.equal(verdict([0.9], [champion(1)]).kind, 'again');
  assert.equal(verdict([1.1], [champion(1)]).kind, 'again');
  assert.equal(verdict([1.1, 1.101], [champion(1)]).kind, 'close');
});

describe('for any measurements', () => {
  const seeds = Array.from({ length: 12 }, (_, i) => i + 1);
  /** Judges both: the verdicts, and the gains in the units of the first. */
  function same(
    seed: number,
    change: (value: number) => number,
    unit: number,
    rules: Partial<GateRules> = {},
  ) {
    const { history, candidate } = drawn(seed);
    const here = judge(history, candidate, RULES);
    const moved = candidate.samples.map(({ seed, value }) => ({ seed, value: change(value) }));
    const there = judge(
      translated(history, change),
      { ...candidate, samples: moved },
      { ...RULES, ...rules },
    );
    assert.equal(there.kind, here.kind, `seed ${seed}`);
    assert.ok(Math.abs(there.gain / unit - here.gain) < 1e-7, `seed ${seed}: ${there.gain}, ${here.gain}`);
    assert.ok(Math.abs(there.doubt - here.doubt) < 1e-6, `seed ${seed}: ${there.doubt}, ${here.doubt}`);
  }

  test('the unit of the metric does not matter', () => {
    for (const seed of seeds) same(seed, value => value * 1e-6, 1e-6);
    for (const seed of seeds) same(seed, value => value * 3e7, 3e7);
  });

  test("the metric's zero does not matter", () => {
    for (const seed of seeds) same(seed, value => value - 7, 1);
  });

  test('a metric to be maximised is the mirror image', () => {
    for (const seed of seeds) same(seed, value => -value, 1, { goal: 'maximize' });
  });

  test('a better score never turns a merge into a close', () => {
    const random = createRandom(99);
    let merges = 0;
    for (const seed of Array.from({ length: 24 }, (_, i) => i + 1)) {
      const { history, candidate } = drawn(seed);
      if (judge(history, candidate, RULES).kind !== 'merge') continue;
      merges += 1;
      for (const most of [0.002, 0.1]) {
        const better = candidate.samples.map(({ seed, value }) => ({
          seed,
          value: value - most * random.next(),
        }));
        assert.notEqual(
          judge(history, { ...candidate, samples: better }, RULES).kind,
          'close',
          `seed ${seed}`,
        );
      }
    }
    assert.ok(merges >= 8, `${merges} merges were tried`);
  });
});

describe('ties and implausible gains', () => {
  const shorter = (...values: number[]) =>
    judge([BASELINES, lost(1.004), lost(1.006)], { samples: samples(...values), addedTokens: -12 }, RULES);

  test('shorter code with an unchanged metric is measured three times and merged as a simplification', () => {
    assert.equal(shorter(1.0).kind, 'again');
    assert.equal(shorter(1.0, 1.002).kind, 'again');
    const { kind, simplification } = shorter(1.0, 1.002, 0.998);
    assert.deepEqual({ kind, simplification }, { kind: 'merge', simplification: true });
    assert.equal(verdict([1.0, 1.002, 0.998], [BASELINES, lost(1.004), lost(1.006)]).kind, 'close');
  });

  test('shorter code with a worse metric is closed, and a real gain is not a simplification', () => {
    assert.equal(shorter(1.006).kind, 'close');
    assert.equal(shorter(1.004, 1.005, 1.001).kind, 'close');
    assert.equal(shorter(0.98, 0.981).simplification, false);
  });

  test('a gain far beyond earlier effects is held for review, once there are enough of them', () => {
    const seen = [lost(1.004), lost(1.01), lost(1.002), won(0.99, 0.991), lost(1.002)];
    assert.equal(verdict([0.8, 0.8], [BASELINES, ...seen]).kind, 'hold');
    assert.equal(verdict([0.8, 0.8], [BASELINES, ...seen.slice(0, 4)]).kind, 'merge');
    assert.equal(verdict([0.8, 0.8], [BASELINES, ...seen, lost(1.3), lost(1.25)]).kind, 'merge');
    assert.equal(verdict([0.98, 0.98], [BASELINES, ...seen]).kind, 'merge');
  });

  test('a single diverged run, or a gain that was held, does not make the next one plausible', () => {
    const seen = [lost(1.004), lost(1.01), lost(1.002), won(0.99, 0.991), lost(1.002)];
    for (const odd of [lost(1.3), lost(2e6), lost(0.8, 0.8)])
      assert.equal(verdict([0.8, 0.8], [BASELINES, ...seen, odd]).kind, 'hold');
  });
});

test('an idea whose trials contradict each other is judged by the worst of them', () => {
  assert.equal(verdict([0.5, 1.3]).kind, 'close');
  assert.equal(verdict([0.5, 1.3, 0.5]).kind, 'close');
  assert.equal(verdict([0.5, 0.8]).kind, 'merge');
});

test('the greedy rule merges what scores better once', () => {
  const greedy = (value: number, history: Step[]) => verdict([value], history, { rule: 'greedy' }).kind;
  assert.equal(greedy(0.9999, [BASELINES]), 'merge');
  assert.equal(greedy(1.0001, [BASELINES]), 'close');
  assert.equal(greedy(0.9999, [BASELINES, won(0.9998)]), 'close');
  assert.equal(greedy(0.95, [BASELINES, won(0.9), { kind: 'moved' }, champion(0.96)]), 'merge');
});
