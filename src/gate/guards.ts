/**
 * Guards: numbers beside the metric that a merge may not break. Each has a limit and noise of its own. An idea's mean decides; while it is beyond
 * the limit by no more than the noise explains, another trial may bring it back.
 */
import { mean } from './mean.ts';

export interface GuardRule {
  side: 'at_most' | 'at_least';
  /** The limit, or with `isRelative` a multiple of the reference. */
  value: number;
  isRelative: boolean;
}

/** What was measured of one number under equal conditions, in its unit. */
export interface GuardSamples {
  idea: readonly number[];
  /** Of the champion that the idea was made on, at least one. */
  champion: readonly number[];
  /** Of the champion that relative limits refer to, at least one; it may be the same. */
  reference: readonly number[];
}

interface GuardState {
  /** `unsure`: beyond the limit, but by no more than another trial may take back. */
  kind: 'kept' | 'unsure' | 'broken';
  /** Mean over the idea's trials. */
  value: number;
  limit: number;
  /** Mean over the reference's trials. */
  reference: number;
  /** Standard deviation of one trial; null if no tree has two trials. */
  noise: number | null;
}

/** An excess over this many standard errors is no bad luck. */
const BEYOND_LUCK = 2;
/** Share of a limit that is lost in the last digits of sums. */
const ROUNDING = 1e-9;

/**
 * Compares an idea's number with its limit.
 * @param isLast whether there will be no further trial, so that the mean decides
 */
export function checkGuard(rule: GuardRule, samples: GuardSamples, isLast: boolean): GuardState {
  const sign = rule.side === 'at_most' ? 1 : -1;
  const noise = noiseOf([samples.idea, samples.champion, samples.reference]);
  const limit = guardLimit(rule, samples);
  const [value, reference] = [mean(samples.idea), mean(samples.reference)];
  const excess = sign * (value - limit);
  const found = { value, limit, reference, noise };
  if (excess <= ROUNDING * Math.abs(limit)) return { kind: 'kept', ...found };
  if (isLast) return { kind: 'broken', ...found };
  if (noise === null) return { kind: 'unsure', ...found };
  const uncertain = rule.isRelative ? 1 / samples.reference.length : 0;
  const error = noise * Math.sqrt(1 / samples.idea.length + uncertain);
  return { kind: excess > BEYOND_LUCK * error ? 'broken' : 'unsure', ...found };
}

/**
 * A relative limit is a share of the reference's size away from it, so that it means the same for numbers below 0. An absolute limit that
 * neither champion nor reference meets would leave nothing to merge: until one does, an idea may be as bad as the reference, give or take the
 * noise of one trial. An idea's own noise gives it no allowance.
 */
export function guardLimit(
  { side, value, isRelative }: GuardRule,
  { champion, reference }: Pick<GuardSamples, 'champion' | 'reference'>,
): number {
  const level = mean(reference);
  if (isRelative) return level + (value - 1) * Math.abs(level);
  const sign = side === 'at_most' ? 1 : -1;
  const isMet = [champion, reference].some(
    trials => sign * (mean(trials) - value) <= ROUNDING * Math.abs(value),
  );
  return isMet ? value : level + sign * (noiseOf([champion, reference]) ?? 0);
}

/** Standard deviation within the trials of one tree, from all trees with several trials; null if there is none. */
function noiseOf(groups: readonly (readonly number[])[]): number | null {
  const several = groups.filter((group, i) => group.length > 1 && groups.indexOf(group) === i);
  const freedom = several.reduce((sum, group) => sum + group.length - 1, 0);
  if (freedom === 0) return null;
  const squares = several.map(group => {
    const middle = mean(group);
    return group.reduce((sum, value) => sum + (value - middle) ** 2, 0);
  });
  return Math.sqrt(squares.reduce((sum, each) => sum + each, 0) / freedom);
}
