import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import {
  type Belief,
  beginTest,
  type Effects,
  observe,
  observeChampion,
  settle,
  startBelief,
  type Test,
} from './filter.ts';
import { anotherTrialPays, assess, type Prices } from './worth.ts';

/** Written by bench/record_gate.py. */
interface Reference {
  prior: {
    unit: number;
    sigmas: number[];
    rhos: number[];
    levelVariance: number;
    effects: number[];
    weights: number[][];
  };
  campaigns: {
    baselines: { seed: number; value: number; noise: number }[];
    experiments: {
      seed: number;
      value: number;
      extraVariance: number;
      verdict: 'merge' | 'close' | 'again';
      /** Whether the verdict stays the same if a trial costs a third less or half more. */
      sure: boolean;
      gain: number;
      doubt: number;
      noise: number;
    }[][];
  }[];
}
const reference: Reference = JSON.parse(
  readFileSync(new URL('gate-reference.json', import.meta.url), 'utf8'),
);
const PRICES: Prices = { falseMerges: 0.1, falseMergePrice: 2.2, trialPrice: 0.12 };

/** The reference's prior: effects are single values, the same in every world. */
function referenceBelief(): Belief {
  const { unit, sigmas, rhos, levelVariance, effects, weights } = reference.prior;
  const kinds: Effects[] = weights.map(weight => ({
    mean: effects,
    variance: effects.map(() => 0),
    weight,
    isFalse: effects.map(effect => (-effect < 1e-4 ? 1 : 0)),
  }));
  const worlds = sigmas.flatMap(sigma =>
    rhos.flatMap(rho =>
      kinds.map(effects => {
        const variance = (sigma * unit) ** 2;
        const noise = sigma * unit;
        const [trialVariance, seedVariance] = [variance * (1 - rho), variance * rho];
        return { world: { noise, trialVariance, seedVariance, driftVariance: 0, effects }, logWeight: 0 };
      }),
    ),
  );
  return startBelief(worlds, { mean: 0, variance: levelVariance });
}

function verdictOf(tested: Test, trials: number): 'merge' | 'close' | 'again' {
  const assessment = assess(tested, PRICES);
  if (trials < 3 && anotherTrialPays(tested, 'idea', [trials], PRICES, assessment)) return 'again';
  return assessment.worth > 0 ? 'merge' : 'close';
}

function near(found: number, expected: number, what: string): void {
  assert.ok(
    Math.abs(found - expected) <= 1e-8 * Math.abs(expected) + 1e-12,
    `${what}: ${found}, ${expected}`,
  );
}

describe('the filter and the numpy reference, trial by trial', () => {
  for (const [c, campaign] of reference.campaigns.entries())
    test(`agree in campaign ${c + 1}`, () => {
      let belief = referenceBelief();
      for (const sample of campaign.baselines) {
        belief = observeChampion(belief, sample);
        near(assess(beginTest(belief), PRICES).noise, sample.noise, 'noise');
      }
      for (const [e, trials] of campaign.experiments.entries()) {
        let tested = beginTest(belief);
        for (const [i, trial] of trials.entries()) {
          tested = observe(tested, trial, trial.extraVariance);
          const { gain, doubt, noise } = assess(tested, PRICES);
          const where = `experiment ${e + 1}, trial ${i + 1}`;
          near(gain, trial.gain, `gain, ${where}`);
          near(doubt, trial.doubt, `doubt, ${where}`);
          near(noise, trial.noise, `noise, ${where}`);
          if (trial.sure) assert.equal(verdictOf(tested, i + 1), trial.verdict, where);
        }
        belief = settle(tested, trials.at(-1)?.verdict === 'merge');
      }
    });

  test('are compared on all kinds of verdicts, nearly all of them clear', () => {
    const trials = reference.campaigns.flatMap(({ experiments }) => experiments.flat());
    for (const kind of ['merge', 'close', 'again'] as const)
      assert.ok(trials.filter(({ verdict, sure }) => sure && verdict === kind).length >= 8, kind);
    assert.ok(trials.filter(({ sure }) => sure).length > 0.9 * trials.length);
  });
});
