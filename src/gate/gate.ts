/**
 * The gate: measurements so far -> merge, close, another trial of the idea or the champion, or hold for review.
 *
 * The history is folded into knowledge (knowledge.ts, filter.ts): the champion's level, the noise of trials, and how often ideas help. With
 * that, an idea's trials are judged (worth.ts): is merging it worth more than closing it, and is another trial worth its price?
 * docs/gate.md explains the mathematics and how well it does.
 */
import { bisect, reach } from './bisect.ts';
import { at } from './element.ts';
import type { Sample, Test } from './filter.ts';
import { knowledgeOf } from './fold.ts';
import { distinct, type Knowledge, partsOf, type Step, scaled, scaleOf, testOf } from './knowledge.ts';
import { FARTHEST } from './prior.ts';
import { type NearMiss, worthwhile } from './stack.ts';
import { type Assessment, anotherTrialPays, assess, noiseOf, type Prices } from './worth.ts';

export interface GateRules {
  goal: 'minimize' | 'maximize';
  /** `greedy` is the rule of Karpathy's autoresearch, for comparison: one trial, and whatever scores better is merged. */
  rule: 'bayes' | 'greedy';
  /** Accepted share of merges without a real improvement. */
  falseMerges: number;
  maxTrials: number;
  /** Standard deviation of a trial in the metric's unit, if it was calibrated; null: learned from the baselines. */
  noise: number | null;
}

/** The idea under test. */
export interface Candidate {
  /** Its trials so far, at least one, in the metric's unit. */
  samples: readonly Sample[];
  /** Tokens that it adds to the code, without comments; negative if it makes the code shorter. */
  addedTokens: number;
  /** The near misses that it stacks, by id. */
  parts?: readonly string[];
  /** Whether the champion may be measured again before there is a verdict. */
  mayAskChampion?: boolean;
}

export interface GateVerdict {
  /**
   * `again`: another trial of the idea; `champion`: another one of the champion. `hold`: worth merging, but implausibly good, so a person has
   * to review it.
   */
  kind: 'merge' | 'close' | 'again' | 'champion' | 'hold';
  /** Whether it is a tie that is merged for its shorter code. */
  simplification: boolean;
  /** G: expected improvement; positive is better for either goal. */
  gain: number;
  /** σ̂: standard deviation of a trial on a known seed. */
  noise: number;
  /** f: probability that the improvement is less than a fifth of the noise. */
  doubt: number;
  /** Probability of a larger improvement before the first trial: the share of ideas that help or, for a stack, what its parts promise. */
  prior: number;
}

/** κ and λ of docs/gate.md. */
const FALSE_MERGE_PRICE = 0.32;
const TRIAL_PRICE = 0.06;
/** So many trials are looked ahead. */
const AHEAD = 2;
/** A tie: after `trials` trials, the doubt is at least `doubt` and the gain within `gain` noises of 0. Shorter code is merged on a tie. */
const TIE = { trials: 3, doubt: 0.9, gain: 0.2 };
/** Until then, shorter code gets more trials while its expected loss is below this many noises. */
const MAY_BE_TIE = 0.5;
/** The champion is measured again so often at most since an idea's first trial. */
export const MOST_ASKED = 2;
/**
 * A gain is implausible if it exceeds the effects of earlier ideas, at least `ideas` of them, by `noises` noises and by a factor of `times`. The
 * largest tenth of the effects does not count, and at least one: diverged runs and gains that were held before are not typical.
 */
const IMPLAUSIBLE = { noises: 10, times: 2, ideas: 5, uncounted: 0.1 };
/** Number of cuts tried between an idea's worst trial and its best. */
const CUTS = 6;
/** A seed that no trial has run on. */
const UNSEEN_SEED = -1;

/** Judges an idea by everything that was measured. Pure. */
export function judge(history: readonly Step[], candidate: Candidate, rules: GateRules): GateVerdict {
  const scale = scaleOf(history, rules.goal, rules.noise, candidate.samples);
  return judgeKnowing(knowledgeOf(history, scale), candidate, rules);
}

/** Judges an idea with the knowledge from a folded history. */
export function judgeKnowing(knowledge: Knowledge, candidate: Candidate, rules: GateRules): GateVerdict {
  const { unit, noise } = knowledge.scale;
  const taken = candidate.samples.length;
  const samples = distinct(candidate.samples).map(sample => scaled(sample, knowledge.scale));
  const [first] = samples;
  if (!first) throw new RangeError('Expected at least one trial of the idea to judge, got none.');
  const prices = pricesOf(rules);
  const parts = partsOf(knowledge, candidate.parts);
  const tested = testOf(knowledge, samples, parts);
  const assessment = assess(tested, prices);
  const prior = 1 - assess(testOf(knowledge, [], parts), prices).doubt;
  const verdict = (kind: GateVerdict['kind'], said = assessment, simplification = false): GateVerdict => ({
    kind,
    simplification,
    gain: said.gain * unit,
    noise: noise === 'spread' ? said.noise * unit : 0,
    doubt: said.doubt,
    prior,
  });
  if (rules.rule === 'greedy')
    return verdict(first.value < (knowledge.bar ?? first.value) ? 'merge' : 'close');
  const more = taken < rules.maxTrials;
  if (more && mustConfirm(knowledge, taken, assessment)) return verdict('again');
  const worthy = assessment.worth > 0 ? assessment : worthyWhenCut(knowledge, samples, prices, parts);
  const mayTie = candidate.addedTokens < 0 && rules.maxTrials >= TIE.trials;
  const tie = mayTie ? tieAfter(taken, assessment) : 'no';
  if (more && tie === 'perhaps' && !worthy) return verdict('again');
  const ahead = Math.min(AHEAD, rules.maxTrials - taken);
  if (more && anotherTrialPays(tested, 'idea', nextSeeds(tested, samples, ahead), prices, assessment))
    return verdict('again');
  if (candidate.mayAskChampion && anotherTrialPays(tested, 'champion', [UNSEEN_SEED], prices, assessment))
    return verdict('champion');
  if (worthy) return verdict(isImplausible(knowledge, worthy) ? 'hold' : 'merge', worthy);
  return tie === 'yes' ? verdict('merge', assessment, true) : verdict('close');
}

/**
 * The near misses that are worth trying together, the best first; empty if there is no such stack.
 * @param choose those of the near misses that fit together, given from the best on
 */
export function stackToTry(
  { shelf, belief }: Knowledge,
  choose: (ids: readonly string[]) => readonly string[] = ids => ids,
): readonly string[] {
  const best = shelf.toSorted((a, b) => b.gain - a.gain);
  const ids = choose(best.map(({ id }) => id));
  const stack = worthwhile(
    best.filter(({ id }) => ids.includes(id)),
    noiseOf(belief),
  );
  return stack.map(({ id }) => id);
}

/**
 * A trial far better than the others is evidence of large noise, and so against the idea. But a better score must never hurt an idea: it is
 * also merged if it would be with its best scores limited to some cut.
 */
function worthyWhenCut(
  knowledge: Knowledge,
  samples: readonly Sample[],
  prices: Prices,
  parts: readonly NearMiss[],
): Assessment | undefined {
  const values = samples.map(({ value }) => value);
  const [best, worst] = [Math.min(...values), Math.max(...values)];
  for (let k = 0; k < CUTS && best < worst; k++) {
    const cut = worst + ((best - worst) * k) / CUTS;
    const worse = samples.map(({ seed, value }) => ({ seed, value: Math.max(value, cut) }));
    const assessment = assess(testOf(knowledge, worse, parts), prices);
    if (assessment.worth > 0) return assessment;
  }
  return undefined;
}

/**
 * The worst score of a first trial on `seed` with which an idea is not closed at once, plus half a noise for safety, in the metric's unit.
 * Null if any score gets a second trial.
 */
export function worstPromising(
  history: readonly Step[],
  seed: number,
  rules: GateRules,
  parts: readonly string[] = [],
): number | null {
  const knowledge = knowledgeOf(history, scaleOf(history, rules.goal, rules.noise, []));
  const bars = bySeedAndRules.get(knowledge) ?? new Map<string, number | null>();
  bySeedAndRules.set(knowledge, bars);
  const key = JSON.stringify([seed, rules, parts]);
  const known = bars.get(key);
  if (known !== undefined) return known;
  const bar = searchBar(knowledge, seed, rules, parts);
  bars.set(key, bar);
  return bar;
}

/** Ideas that are tried in parallel share a history, and so a bar. */
const bySeedAndRules = new WeakMap<Knowledge, Map<string, number | null>>();

function searchBar(
  knowledge: Knowledge,
  seed: number,
  rules: GateRules,
  parts: readonly string[],
): number | null {
  const { origin, unit, sign } = knowledge.scale;
  const valueAt = (distance: number) => origin + sign * distance * unit;
  const judged = (distance: number) =>
    judgeKnowing(knowledge, { samples: [{ seed, value: valueAt(distance) }], addedTokens: -1, parts }, rules);
  const closes = (distance: number) => judged(distance).kind === 'close';
  if (!closes(FARTHEST)) return null;
  const around = knowledge.bar ?? 0;
  const above = reach(distance => closes(around + distance), 4, FARTHEST);
  const below = reach(distance => !closes(around - distance), 4, FARTHEST);
  const bar = bisect(closes, around - below, around + above, 0.02 * below);
  return valueAt(bar) + (sign * judged(bar).noise) / 2;
}

/** The prices that follow from the rules: the fewer false merges are accepted, the more each one costs. */
export function pricesOf({ falseMerges }: GateRules): Prices {
  return {
    falseMerges,
    falseMergePrice: FALSE_MERGE_PRICE / falseMerges,
    trialPrice: TRIAL_PRICE,
  };
}

/** Whether the idea leaves the metric unchanged. */
function tieAfter(trials: number, { gain, noise, doubt }: Assessment): 'yes' | 'perhaps' | 'no' {
  if (trials < TIE.trials) return gain > -MAY_BE_TIE * noise ? 'perhaps' : 'no';
  return doubt >= TIE.doubt && Math.abs(gain) < TIE.gain * noise ? 'yes' : 'no';
}

/** If trials have never differed, or none was repeated, a single good trial may be noise, so a second one is needed. */
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

/**
 * Seeds of the next trials. The k-th trial of every tree runs on the k-th seed of the campaign, and seeds are known in the order of their first
 * trials.
 */
function nextSeeds({ seeds }: Test, samples: readonly Sample[], count: number): number[] {
  const first = seeds.indexOf(samples[0]?.seed ?? UNSEEN_SEED) + samples.length;
  return Array.from({ length: count }, (_, i) => seeds[first + i] ?? UNSEEN_SEED - i);
}
