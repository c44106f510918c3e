/**
 * The gate: measurements so far -> merge, close, one more trial, or hold for a person.
 *
 * The history is folded into what is known (knowledge.ts, filter.ts): where the champion stands, how noisy trials are, how
 * often ideas help. In that light an idea's trials are judged (worth.ts): is merging it worth more than closing it, and would
 * another trial be worth its price? docs/gate.md explains the mathematics and what it reaches.
 */
import { bisect, reach } from './bisect.ts';
import { at } from './element.ts';
import type { Sample, Test } from './filter.ts';
import { knowledgeOf } from './fold.ts';
import { distinct, type Knowledge, type Step, scaled, scaleOf, testOf } from './knowledge.ts';
import { FARTHEST } from './prior.ts';
import { type Assessment, anotherTrialPays, assess, type Prices } from './worth.ts';

export interface GateRules {
  goal: 'minimize' | 'maximize';
  /** `greedy` is the ancestor's rule, for comparison: one trial, and what is lower is merged. */
  rule: 'bayes' | 'greedy';
  /** Accepted share of merges that are no real improvement. */
  falseMerges: number;
  maxTrials: number;
  /** Standard deviation of a trial, measured beforehand, in the metric's unit; null: learned from the baselines. */
  noise: number | null;
}

/** The idea under test. */
export interface Candidate {
  /** Its trials so far, at least one, in the metric's unit. */
  samples: readonly Sample[];
  /** Tokens that it adds to the code without comments; negative where it makes the code shorter. */
  addedTokens: number;
}

export interface GateVerdict {
  /** `hold`: worth merging, but too good to be believed unseen. */
  kind: 'merge' | 'close' | 'again' | 'hold';
  /** Merged for the shorter code at an equal metric. */
  simplification: boolean;
  /** G: expected improvement; positive is better whatever the goal. */
  gain: number;
  /** σ̂: standard deviation of a trial on a known seed. */
  noise: number;
  /** f: probability that the improvement is less than a fifth of the noise. */
  doubt: number;
}

/** κ and λ of docs/gate.md. */
const FALSE_MERGE_PRICE = 0.32;
const TRIAL_PRICE = 0.06;
/** Shorter code is merged after so many trials if it is at least so doubtful a gain, and within so many noises of none. */
const TIE = { trials: 3, doubt: 0.9, gain: 0.2 };
/** Shorter code is measured on as long as it seems to lose less than this many noises. */
const MAY_BE_TIE = 0.5;
/**
 * A gain is implausible where it is so many noises beyond the effects of at least so many ideas, and twice as large. The largest
 * tenth of the effects does not count, one at least: runs that went to pieces, and gains that were held before, are no measure.
 */
const IMPLAUSIBLE = { noises: 10, times: 2, ideas: 5, uncounted: 0.1 };
/** So many cuts are tried between an idea's worst trial and its best. */
const CUTS = 6;
/** Stands for a seed that no trial has run on. */
const UNSEEN_SEED = -1;

/** Judges one idea by everything that was measured. Pure; the same evidence gives the same verdict. */
export function judge(history: readonly Step[], candidate: Candidate, rules: GateRules): GateVerdict {
  const scale = scaleOf(history, rules.goal, rules.noise, candidate.samples);
  return judgeKnowing(knowledgeOf(history, scale), candidate, rules);
}

/** Judges one idea in the light of a folded history. */
export function judgeKnowing(knowledge: Knowledge, candidate: Candidate, rules: GateRules): GateVerdict {
  const { unit, noise } = knowledge.scale;
  const taken = candidate.samples.length;
  const samples = distinct(candidate.samples).map(sample => scaled(sample, knowledge.scale));
  const [first] = samples;
  if (!first) throw new RangeError('Expected at least one trial of the idea to judge, got none.');
  const prices = pricesOf(rules);
  const tested = testOf(knowledge, samples);
  const assessment = assess(tested, prices);
  const verdict = (kind: GateVerdict['kind'], said = assessment, simplification = false): GateVerdict => ({
    kind,
    simplification,
    gain: said.gain * unit,
    noise: noise === 'spread' ? said.noise * unit : 0,
    doubt: said.doubt,
  });
  if (rules.rule === 'greedy')
    return verdict(first.value < (knowledge.bar ?? first.value) ? 'merge' : 'close');
  const more = taken < rules.maxTrials;
  if (more && mustConfirm(knowledge, taken, assessment)) return verdict('again');
  const worthy = assessment.worth > 0 ? assessment : worthyWhenCut(knowledge, samples, prices);
  const mayTie = candidate.addedTokens < 0 && rules.maxTrials >= TIE.trials;
  const tie = mayTie ? tieAfter(taken, assessment) : 'no';
  if (more && tie === 'perhaps' && !worthy) return verdict('again');
  if (more && anotherTrialPays(tested, nextSeed(tested, samples), prices, assessment))
    return verdict('again');
  if (worthy) return verdict(isImplausible(knowledge, worthy) ? 'hold' : 'merge', worthy);
  return tie === 'yes' ? verdict('merge', assessment, true) : verdict('close');
}

/**
 * One trial far better than the others speaks for a large noise, and so against the idea. But better numbers shall not be worse
 * for it: the idea is merged as well if that would be right had its best trials only been as good as some cut.
 */
function worthyWhenCut(
  knowledge: Knowledge,
  samples: readonly Sample[],
  prices: Prices,
): Assessment | undefined {
  const values = samples.map(({ value }) => value);
  const [best, worst] = [Math.min(...values), Math.max(...values)];
  for (let k = 0; k < CUTS && best < worst; k++) {
    const cut = worst + ((best - worst) * k) / CUTS;
    const worse = samples.map(({ seed, value }) => ({ seed, value: Math.max(value, cut) }));
    const assessment = assess(testOf(knowledge, worse), prices);
    if (assessment.worth > 0) return assessment;
  }
  return undefined;
}

/**
 * The worst value of a first trial on `seed` with which an idea is not closed at once, half a noise of safety added; in the
 * metric's unit. Null where every value gets a second trial.
 */
export function worstPromising(history: readonly Step[], seed: number, rules: GateRules): number | null {
  const knowledge = knowledgeOf(history, scaleOf(history, rules.goal, rules.noise, []));
  const bars = bySeedAndRules.get(knowledge) ?? new Map<string, number | null>();
  bySeedAndRules.set(knowledge, bars);
  const key = JSON.stringify([seed, rules]);
  const known = bars.get(key);
  if (known !== undefined) return known;
  const bar = searchBar(knowledge, seed, rules);
  bars.set(key, bar);
  return bar;
}

/** Ideas that start side by side have one history, and one bar. */
const bySeedAndRules = new WeakMap<Knowledge, Map<string, number | null>>();

function searchBar(knowledge: Knowledge, seed: number, rules: GateRules): number | null {
  const { origin, unit, sign } = knowledge.scale;
  const valueAt = (distance: number) => origin + sign * distance * unit;
  const judged = (distance: number) =>
    judgeKnowing(knowledge, { samples: [{ seed, value: valueAt(distance) }], addedTokens: -1 }, rules);
  const closes = (distance: number) => judged(distance).kind === 'close';
  if (!closes(FARTHEST)) return null;
  const around = knowledge.bar ?? 0;
  const above = reach(distance => closes(around + distance), 4, FARTHEST);
  const below = reach(distance => !closes(around - distance), 4, FARTHEST);
  const bar = bisect(closes, around - below, around + above, 0.02 * below);
  return valueAt(bar) + (sign * judged(bar).noise) / 2;
}

/** What the rules accept, and what that costs: a false merge the more, the fewer of them are accepted. */
export function pricesOf({ falseMerges }: GateRules): Prices {
  return { falseMerges, falseMergePrice: FALSE_MERGE_PRICE / falseMerges, trialPrice: TRIAL_PRICE };
}

/** Whether the idea leaves the metric as it is. */
function tieAfter(trials: number, { gain, noise, doubt }: Assessment): 'yes' | 'perhaps' | 'no' {
  if (trials < TIE.trials) return gain > -MAY_BE_TIE * noise ? 'perhaps' : 'no';
  return doubt >= TIE.doubt && Math.abs(gain) < TIE.gain * noise ? 'yes' : 'no';
}

/** Where trials never differed, or no two of one tree exist, one good trial may be all noise: a second one tells. */
function mustConfirm({ scale }: Knowledge, trials: number, { worth }: Assessment): boolean {
  if (trials > 1) return false;
  return scale.noise === 'unknown' || (scale.noise === 'none' && worth > 0);
}

function isImplausible({ effects }: Knowledge, { gain, noise }: Assessment): boolean {
  if (effects.length < IMPLAUSIBLE.ideas) return false;
  const counted = effects.length - Math.max(1, Math.floor(IMPLAUSIBLE.uncounted * effects.length));
  const largest = at(
    effects.toSorted((a, b) => a - b),
    counted - 1,
  );
  return gain > Math.max(largest + IMPLAUSIBLE.noises * noise, IMPLAUSIBLE.times * largest);
}

/** Trial k of every tree runs on seed k of its campaign's rotation, and seeds are known in the order of their first trials. */
function nextSeed({ seeds }: Test, samples: readonly Sample[]): number {
  const first = seeds.indexOf(samples[0]?.seed ?? UNSEEN_SEED);
  return seeds[first + samples.length] ?? UNSEEN_SEED;
}
