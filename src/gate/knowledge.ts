/** What a campaign's history teaches about the champion, the noise and ideas: a fold over its steps. */
import { undisturbed } from './baselines.ts';
import {
  type Belief,
  beginTest,
  championScore,
  forgetLevel,
  notQuieter,
  observe,
  observeChampion,
  type Sample,
  settle,
  startBelief,
  type Test,
  withoutUnlikely,
} from './filter.ts';
import { FARTHEST, HIGHEST_NOISE, possibleWorlds } from './prior.ts';
import { type NearMiss, nearMiss, stackEffects } from './stack.ts';
import { expectedGain, noiseOf } from './worth.ts';

/** A step of the history. All scores are in the metric's unit and were measured under equal conditions. */
export type Step =
  /** Trials of the champion itself. */
  | { kind: 'champion'; samples: readonly Sample[] }
  /** An idea that was tried on the champion. If it was merged, it is the champion from here on. */
  | {
      kind: 'experiment';
      samples: readonly Sample[];
      merged: boolean;
      /** Its name among the near misses; without one, it cannot be one. */
      id?: string;
      /** The near misses that it stacks. */
      parts?: readonly string[];
    }
  /** An idea whose first trial was stopped early: the projected score, and the variance of that projection. */
  | { kind: 'stopped'; sample: Sample; variance: number }
  /** The base moved to a tree whose level is unknown. */
  | { kind: 'moved' };

/** Converts scores to numbers around 0, in units of about the noise. Lower is better on the scale, for either goal. */
export interface Scale {
  origin: number;
  /** u, in the metric's unit. */
  unit: number;
  sign: 1 | -1;
  /** Whether u was calibrated, instead of estimated from the baselines. */
  calibrated: boolean;
  /** Whether repeated trials of a tree have differed (`spread`), have not (`none`), or do not exist (`unknown`). */
  noise: 'spread' | 'none' | 'unknown';
}

/** What the history teaches. Immutable: the same history gives the same knowledge. */
export interface Knowledge {
  scale: Scale;
  belief: Belief;
  /** Whether the champion's level is unknown, until its next trial or an idea's. */
  adrift: boolean;
  /** The absolute expected effect of each idea so far, in u. */
  effects: readonly number[];
  /** The champion's score under the greedy rule, on the scale: that of the first trial of its tree. */
  bar: number | null;
  /** Closed ideas that may be worth merging together. */
  shelf: readonly NearMiss[];
  /** The champion's last trial, if it was far from all that is known of it; it does not count unless the next one agrees. */
  aside: Sample | null;
}

/** Variance of an unknown level, in u². */
const UNKNOWN_LEVEL = 1e6;
/**
 * No trial counts as more than this much better than the worst trial of the same idea, in u: four times the highest noise. Noise cannot
 * explain a larger difference, and the better score may be the wrong one.
 */
const MOST_SCATTER = 4 * HIGHEST_NOISE;
/** What a closed idea's trials scatter teaches up to so many u. */
const MOST_TAUGHT = 4;
/** Worlds with less noise than this, in u, gain nothing by ideas. */
const QUIETEST = 0.7;
/** Worlds less likely than this, relative to the likeliest, are dropped. */
const UNLIKELY = 1e-4;
/** A trial of the champion that is off by so many standard deviations is not believed at once. */
const FAR = 6;
/** A calibrated noise is used unless the trials scatter by more than this multiple of it. */
const MOST_OFF = 2;
/** A spread below this share of the values counts as rounding. */
const ROUNDING = 1e-9;
/** No unit is smaller than this, so that its square is a number, too, and numbers can be divided by it. */
const LEAST_UNIT = 1e-100;

/**
 * The scale on which a history is judged.
 * @param calibrated standard deviation of a trial in the metric's unit, if it was calibrated, perhaps at another training time
 * @param samples the trials of an idea under test, which count if the history has no spread
 */
export function scaleOf(
  history: readonly Step[],
  goal: 'minimize' | 'maximize',
  calibrated: number | null,
  samples: readonly Sample[],
): Scale {
  const groups = history.flatMap(step =>
    step.kind === 'champion' || step.kind === 'experiment' ? [step] : [],
  );
  const champions = groups
    .filter(({ kind }) => kind === 'champion')
    .map(step => undisturbed(distinct(step.samples)));
  const all = [...groups.map(step => step.samples), samples];
  const rounding = ROUNDING * (largestOf(champions) || largestOf(all) || 1 / ROUNDING);
  // What ideas scatter is theirs to choose: it counts only where champions show nothing, and then by the middle one of them.
  const shown = deviationWithin(champions);
  const guess = shown > rounding ? shown : middleDeviation(all) / HIGHEST_NOISE;
  // Not by the idea under test: a better score must never hurt it.
  const scatter = shown;
  const believed = calibrated !== null && scatter <= MOST_OFF * calibrated ? calibrated : 0;
  const unit = [believed, guess].find(deviation => deviation > Math.max(rounding, LEAST_UNIT));
  const repeated = all.some(group => group.length > 1);
  return {
    origin: all.flat()[0]?.value ?? 0,
    unit: unit ?? Math.max(rounding, LEAST_UNIT),
    sign: goal === 'minimize' ? 1 : -1,
    calibrated: calibrated !== null && unit === calibrated,
    noise: unit !== undefined ? 'spread' : repeated ? 'none' : 'unknown',
  };
}

/** The largest absolute value; 0 without any. */
function largestOf(groups: readonly (readonly Sample[])[]): number {
  return Math.max(0, ...groups.flat().map(({ value }) => Math.abs(value)));
}

/** Pooled standard deviation within the groups; 0 if none has two values. */
function deviationWithin(groups: readonly (readonly Sample[])[]): number {
  let squares = 0;
  let degrees = 0;
  for (const group of groups) {
    const middle = group.reduce((sum, { value }) => sum + value, 0) / group.length;
    for (const { value } of group) squares += (value - middle) ** 2;
    degrees += Math.max(0, group.length - 1);
  }
  return degrees === 0 ? 0 : Math.sqrt(squares / degrees);
}

/** Median of the groups' standard deviations, of those that have two values; 0 where none has. */
function middleDeviation(groups: readonly (readonly Sample[])[]): number {
  const deviations = groups.filter(group => group.length > 1).map(group => deviationWithin([group]));
  return deviations.toSorted((a, b) => a - b)[Math.floor(deviations.length / 2)] ?? 0;
}

/** Equal values on different seeds are one trial: code that ignores its seed repeats itself, and shows no noise. */
export function distinct(samples: readonly Sample[]): Sample[] {
  return samples.filter(({ value }, i) => samples.findIndex(other => other.value === value) === i);
}

/** A sample on the scale, limited to a range that can be calculated with. */
export function scaled({ seed, value }: Sample, { origin, unit, sign }: Scale): Sample {
  const distance = (sign * (value - origin)) / unit;
  return { seed, value: Math.min(FARTHEST, Math.max(-FARTHEST, distance)) };
}

/** The knowledge before the first trial. */
export function startKnowledge(scale: Scale): Knowledge {
  const belief = startBelief(possibleWorlds(scale.calibrated), { mean: 0, variance: UNKNOWN_LEVEL });
  return { scale, belief, adrift: true, effects: [], bar: null, shelf: [], aside: null };
}

/** The knowledge after another step. */
export function learn(knowledge: Knowledge, step: Step): Knowledge {
  if (step.kind === 'moved') return { ...knowledge, adrift: true, bar: null, shelf: [], aside: null };
  if (step.kind === 'stopped') return settled(knowledge, stoppedTest(knowledge, step), false);
  const trials = step.kind === 'champion' ? undisturbed(step.samples) : step.samples;
  const samples = trials.map(sample => scaled(sample, knowledge.scale));
  const [first] = samples;
  if (!first) return knowledge;
  if (step.kind === 'champion')
    return knowledge.adrift
      ? measuredFirst(knowledge, first, samples)
      : samples.reduce(learnChampion, knowledge);
  const parts = partsOf(knowledge, step.parts);
  const tested = testOf(knowledge, step.merged ? distinct(samples) : tamed(samples), parts);
  const next = settled(knowledge, tested, step.merged);
  const rest = knowledge.shelf.filter(part => !parts.includes(part));
  const missed =
    step.merged || parts.length > 0 || step.id === undefined
      ? null
      : nearMiss(step.id, tested, noiseOf(tested));
  const shelf = missed ? [...rest, missed] : rest;
  return step.merged ? { ...next, shelf, bar: first.value } : { ...next, shelf };
}

/** Trials of a champion whose level is unknown. They were compared with each other (baselines.ts). */
function measuredFirst(knowledge: Knowledge, first: Sample, samples: readonly Sample[]): Knowledge {
  const belief = samples.reduce(observeChampion, beliefAt(knowledge, first));
  return {
    ...knowledge,
    belief: withoutUnlikely(belief, UNLIKELY),
    adrift: false,
    aside: null,
    bar: knowledge.bar ?? first.value,
  };
}

/** Another trial of the champion. One that is far from all that is known was disturbed, or the level has moved: the next one tells. */
function learnChampion(knowledge: Knowledge, sample: Sample): Knowledge {
  const { aside, belief } = knowledge;
  const side = sideOf(belief, sample);
  if (side !== 0 && aside === null) return { ...knowledge, aside: sample };
  if (aside !== null && side !== 0 && side === sideOf(belief, aside))
    return measuredFirst({ ...knowledge, adrift: true }, aside, [aside, sample]);
  return { ...knowledge, belief: withoutUnlikely(observeChampion(belief, sample), UNLIKELY), aside: null };
}

/** −1 or 1 if a trial of the champion is far below or above what it should score; else 0. */
function sideOf(belief: Belief, { value }: Sample): -1 | 0 | 1 {
  const { mean, deviation } = championScore(belief);
  return Math.abs(value - mean) <= FAR * deviation ? 0 : value < mean ? -1 : 1;
}

/**
 * What a closed idea's trials may teach. An idea that breaks on one seed says nothing about the noise of others, so no trial counts
 * as worse than its best by more than MOST_TAUGHT; and one that ignores its seed has one trial.
 */
function tamed(samples: readonly Sample[]): Sample[] {
  const worst = Math.min(...samples.map(({ value }) => value)) + MOST_TAUGHT;
  return distinct(samples).map(({ seed, value }) => ({ seed, value: Math.min(value, worst) }));
}

function settled(knowledge: Knowledge, tested: Test, merged: boolean): Knowledge {
  const belief = notQuieter(settle(tested, merged), knowledge.belief, QUIETEST);
  return {
    ...knowledge,
    belief: withoutUnlikely(belief, UNLIKELY),
    adrift: false,
    effects: [...knowledge.effects, Math.abs(expectedGain(tested))],
  };
}

/** The belief about an idea after its trials, which are on the scale. */
export function testOf(
  knowledge: Knowledge,
  samples: readonly Sample[],
  parts: readonly NearMiss[] = [],
): Test {
  const best = Math.max(...samples.map(({ value }) => value)) - MOST_SCATTER;
  const believable = samples.map(({ seed, value }) => ({ seed, value: Math.max(value, best) }));
  const belief = beliefAt(knowledge, believable[0]);
  const test = beginTest(belief, parts.length > 0 ? stackEffects(belief, parts) : undefined);
  return believable.reduce((tested, sample) => observe(tested, sample), test);
}

/** The parts of a stack that are on the shelf. */
export function partsOf({ shelf }: Knowledge, ids: readonly string[] = []): NearMiss[] {
  return shelf.filter(({ id }) => ids.includes(id));
}

/** The belief about an idea whose first trial was stopped early. */
export function stoppedTest(knowledge: Knowledge, { sample, variance }: Step & { kind: 'stopped' }): Test {
  const likely = scaled(sample, knowledge.scale);
  return observe(beginTest(beliefAt(knowledge, likely)), likely, variance / knowledge.scale.unit ** 2);
}

/** The belief. If the champion's level is unknown, it is somewhere around the first trial. */
function beliefAt({ belief, adrift }: Knowledge, first: Sample | undefined): Belief {
  return adrift ? forgetLevel(belief, { mean: first?.value ?? 0, variance: UNKNOWN_LEVEL }) : belief;
}
