/** Campaigns under the rules of others, as they describe them. Lower is better. */
import { mean } from '../../src/gate/mean.ts';
import type { Random } from '../../src/sim/random.ts';
import { count, nothingYet, type Outcome } from './campaigns.ts';
import { type Lab, openLab, type Tree, type World } from './worlds.ts';

/** What a rule sees: trials of the champion and of the idea, and everything that was measured before. */
interface Seen {
  champion: readonly number[];
  idea: readonly number[];
  all: readonly number[];
}

interface Rule {
  /** Trials of the champion before the first idea. */
  baselines: number;
  /** Another trial of the idea, a merge, or none. */
  decide(seen: Seen): 'again' | 'merge' | 'close';
}

/** Whatever scores better is merged, after so many further trials that score better as well. */
export function greedy(confirmations: number): Rule {
  return {
    baselines: 1,
    decide({ champion, idea }) {
      const bar = mean(champion);
      if (!idea.every(value => value < bar)) return 'close';
      return idea.length > confirmations ? 'merge' : 'again';
    },
  };
}

/** Merged if the gain is at least twice the median absolute deviation of all scores so far; before three scores, if it is better. */
export const MAD: Rule = {
  baselines: 1,
  decide({ champion, idea, all }) {
    const gain = mean(champion) - mean(idea);
    if (all.length < 3) return gain > 0 ? 'merge' : 'close';
    const middle = median(all);
    return gain > 0 && gain >= 2 * median(all.map(value => Math.abs(value - middle))) ? 'merge' : 'close';
  },
};

/** Two baselines show the noise; a gain of two standard deviations is merged. */
export const TWO_SIGMA: Rule = {
  baselines: 2,
  decide({ champion, idea, all }) {
    const [a = 0, b = 0] = all;
    const deviation = Math.abs(a - b) / Math.SQRT2;
    return mean(champion) - mean(idea) > 2 * deviation ? 'merge' : 'close';
  },
};

/** Three trials of an idea whose first one is better, and a merge where Welch's test finds p < 0.01 one-sided. */
export const T_TEST: Rule = {
  baselines: 3,
  decide({ champion, idea }) {
    const bar = mean(champion);
    if (idea[0] !== undefined && idea[0] >= bar) return 'close';
    if (idea.length < 3) return 'again';
    const [a, b] = [variance(champion) / champion.length, variance(idea) / idea.length];
    const t = (bar - mean(idea)) / Math.sqrt(a + b);
    const freedom = (a + b) ** 2 / (a ** 2 / (champion.length - 1) + b ** 2 / (idea.length - 1));
    return t > quantile(freedom) ? 'merge' : 'close';
  },
};

/** A campaign of so many trials under one of these rules. */
export function runRule(random: Random, world: World, trials: number, rule: Rule): Outcome {
  const lab = openLab(random, world);
  let champion: Tree = lab.first;
  let known = measured(lab, champion, rule.baselines);
  const all = [...known];
  let left = trials - rule.baselines;
  const outcome = { ...nothingYet(), championTrials: rule.baselines };
  while (left >= 1) {
    const idea = lab.think();
    const tree = lab.edit(champion, [idea]);
    const values: number[] = [];
    let verdict: ReturnType<Rule['decide']> = 'again';
    while (left >= 1 && verdict === 'again') {
      values.push(lab.trial(tree, values.length).value);
      left -= 1;
      verdict = rule.decide({ champion: known, idea: values, all });
    }
    all.push(...values);
    outcome.ideas += 1;
    count(outcome, idea.effect, verdict === 'merge');
    if (verdict !== 'merge') continue;
    lab.merged(idea);
    champion = tree;
    known = values;
  }
  return { ...outcome, gain: -champion.level };
}

function measured(lab: Lab, tree: Tree, trials: number): number[] {
  return Array.from({ length: trials }, (_, k) => lab.trial(tree, k).value);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2;
}

function variance(values: readonly number[]): number {
  const middle = mean(values);
  return values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1);
}

/** Quantiles of Student's distribution at 0.99 with 1 to 4 degrees of freedom. Source: Abramowitz and Stegun, table 26.10. */
const STUDENT = [31.821, 6.965, 4.541, 3.747];

/** At the next lower whole number of degrees of freedom. */
function quantile(freedom: number): number {
  return STUDENT[Math.min(4, Math.max(1, Math.floor(freedom))) - 1] ?? Number.POSITIVE_INFINITY;
}
