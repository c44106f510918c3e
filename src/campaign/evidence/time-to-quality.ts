/**
 * Time to quality: the training time in which the last champion reaches the score of the first one at the full budget. It is found by
 * bisection, one trial at each budget, and told with an interval from a line through all scores near it.
 */
import { mean } from '../../gate/mean.ts';
import type { Contract } from '../../protocol/contract.ts';
import type { Final } from '../marker.ts';
import { type Campaign, measuredValues, type Snapshot } from '../model.ts';
import { experimentsOf } from '../queries.ts';
import { budgetOf, comparable, trialsOfTree } from './evidence.ts';
import { isSettled, spanOf } from './finals.ts';
import { levelsOf, lineOf, noiseOf } from './result.ts';

/** Where nothing is known below a budget, half of it is assumed not to be enough. */
const UNKNOWN = 1 / 2;
/** Budgets are told apart at this share of the full one; below the other, nothing is tried. */
const RESOLUTION = 0.01;
const LEAST = 1 / 16;
/** Learning curves are close to straight in the logarithm of time as far as this factor around a budget. */
const STRAIGHT = 2;
/** Standard errors of a 90% interval. */
const INTERVAL = 1.645;

/** A score, as how far it falls short of the first champion's: negative once it is reached. */
interface Point {
  seconds: number;
  shortfall: number;
}

export type TimeToQuality =
  /** Seconds, with a 90% interval. */
  | {
      kind: 'found';
      seconds: number;
      low: number;
      high: number;
      fullSeconds: number;
      target: number;
      trials: number;
    }
  /** It was still reached in the shortest time that was tried. */
  | { kind: 'below'; seconds: number; fullSeconds: number; target: number; trials: number };

interface Search {
  fullSeconds: number;
  target: number;
  /** Trials of the first champion that the target is the mean of. */
  targetTrials: number;
  noise: number;
  /** At the full budget, and at shorter ones. */
  full: Point[];
  probes: Point[];
  /** Measurements at shorter budgets, with or without a score. */
  tried: Final[];
}

/** What is known; null if nothing is, or nothing was asked for. */
export function timeToQuality(
  snapshot: Snapshot,
  contract: Contract,
  campaign: Campaign,
): TimeToQuality | null {
  const search = searchOf(snapshot, contract, campaign);
  if (search === null || search.probes.length === 0) return null;
  const { fullSeconds, target, probes } = search;
  const known = { fullSeconds, target, trials: probes.length };
  const { low, high } = bracketOf(search);
  if (low === null) return { kind: 'below', seconds: high, ...known };
  const crossing = crossingOf(search, Math.sqrt(low * high));
  return crossing && { kind: 'found', ...crossing, ...known };
}

/** The next budget to try, in seconds; null if enough is known, or if a measurement failed. */
export function nextProbe(snapshot: Snapshot, contract: Contract, campaign: Campaign): number | null {
  const search = searchOf(snapshot, contract, campaign);
  if (search === null || search.tried.length >= contract.time_to_quality) return null;
  const { fullSeconds, tried, probes } = search;
  if (probes.length < tried.length) return null;
  const { low, high } = bracketOf(search);
  const step = fullSeconds * RESOLUTION;
  const middle = Math.sqrt((low ?? UNKNOWN * high) * high);
  const next = Number((Math.round(middle / step) * step).toFixed(3));
  const isKnown = tried.some(({ budgetSeconds }) => budgetSeconds === next) || next === fullSeconds;
  return isKnown || next < LEAST * fullSeconds ? null : next;
}

/** Null unless the last champion is better than the first one at the full budget. */
function searchOf(snapshot: Snapshot, contract: Contract, campaign: Campaign): Search | null {
  const experiments = experimentsOf(snapshot, campaign);
  const span = spanOf(campaign, experiments);
  const noise = noiseOf(lineOf(experiments)?.merged ?? []);
  if (contract.time_to_quality === 0 || span === null || noise === null) return null;
  const { first, last } = levelsOf(snapshot, campaign, span.first, span.last);
  const sign = contract.metric.goal === 'minimize' ? 1 : -1;
  if (!first || !last || sign * (first.value - last.value) <= 0) return null;
  const fullSeconds = budgetOf(contract, campaign);
  const onFull = trialsOfTree(snapshot, span.last.tree).filter(
    ({ outcome, budgetSeconds }) => outcome.status === 'measured' && budgetSeconds === fullSeconds,
  );
  const like = onFull.at(-1);
  const shortfall = (value: number) => sign * (value - first.value);
  const tried = (campaign.state?.finals ?? []).filter(
    ({ of, budgetSeconds }) => of.sha === span.last.sha && budgetSeconds < fullSeconds,
  );
  return {
    fullSeconds,
    target: first.value,
    targetTrials: first.trials,
    noise,
    full: measuredValues(onFull.filter(trial => like && comparable(trial, like))).map(value => ({
      seconds: fullSeconds,
      shortfall: shortfall(value),
    })),
    probes: tried.filter(isSettled).flatMap(({ budgetSeconds, trials }) => {
      const values = measuredValues(trials.filter(({ machine }) => machine === like?.machine));
      return values.length === 0 ? [] : [{ seconds: budgetSeconds, shortfall: shortfall(mean(values)) }];
    }),
    tried,
  };
}

/** The shortest time in which the target is reached, and the longest below that in which it is not; null if there is none. */
function bracketOf({ fullSeconds, probes }: Search): { low: number | null; high: number } {
  const high = Math.min(
    fullSeconds,
    ...probes.filter(({ shortfall }) => shortfall <= 0).map(({ seconds }) => seconds),
  );
  const below = probes.filter(({ seconds, shortfall }) => shortfall > 0 && seconds < high);
  return { low: below.length === 0 ? null : Math.max(...below.map(({ seconds }) => seconds)), high };
}

/** Where a line through the scores near `middle` crosses the target. Null if scores do not improve with time there. */
function crossingOf(
  { full, probes, noise, targetTrials, fullSeconds }: Search,
  middle: number,
): { seconds: number; low: number; high: number } | null {
  const points = [...full, ...probes]
    .filter(({ seconds }) => seconds >= middle / STRAIGHT && seconds <= middle * STRAIGHT)
    .map(({ seconds, shortfall }) => ({ x: Math.log(seconds), y: shortfall }));
  const [x, y] = [mean(points.map(point => point.x)), mean(points.map(point => point.y))];
  const spread = points.reduce((sum, point) => sum + (point.x - x) ** 2, 0);
  const slope = points.reduce((sum, point) => sum + (point.x - x) * (point.y - y), 0) / spread;
  if (!(slope < 0)) return null;
  const at = x - y / slope;
  const variance = noise ** 2 * (1 / points.length + (at - x) ** 2 / spread + 1 / targetTrials);
  const error = (INTERVAL * Math.sqrt(variance)) / -slope;
  return {
    seconds: Math.min(fullSeconds, Math.exp(at)),
    low: Math.exp(at - error),
    high: Math.min(fullSeconds, Math.exp(at + error)),
  };
}
