/** Early stopping: whether a running trial is worth finishing, judged by its score part of the way through. */

import { bisect, reach } from './bisect.ts';
import type { Sample } from './filter.ts';
import { type GateRules, pricesOf } from './gate.ts';
import { type Knowledge, type Step, stoppedTest } from './knowledge.ts';
import { mean } from './mean.ts';
import { FARTHEST } from './prior.ts';
import { assess, worthWithCertainty } from './worth.ts';

/** How a preview differs from the final score of its trial, in the metric's unit. */
export interface PreviewError {
  /** Mean of score − preview. */
  shift: number;
  /** η²: predictive variance of score − preview for another trial. */
  variance: number;
}

/** No trial is stopped before this many have finished. */
const LEAST_PAIRS = 5;
const GROWTH = 1.25;
/** Differences further from the middle one than this many times the usual distance say nothing of others: a preview is the candidate's to choose. */
const ABSURD = 100;
/** How many standard errors the champion's own previews may be from all of them by chance. */
const BY_CHANCE = 1;
/** Beyond that, somebody misleads: previews are uncertain by this many times the distance. */
const MISTRUST = 2;

/** The worth of a trial's time, in noises, when it is weighed against all that could be learned about an idea. */
const FINISHED_TRIAL = 0.3;

/**
 * Learns from finished trials how far off previews are, all taken at the same share of the budget; null if there are too few trials. With n
 * of them, the prediction of the next difference has Student's t distribution with n − 1 degrees of freedom, whose variance is
 * s²(1 + 1/n)(n − 1)/(n − 3). Only updated when the number of trials has grown by a quarter (GROWTH), because each update changes what
 * stopped trials have taught, and the whole history has to be folded again.
 *
 * An idea's preview is its author's to choose: many that look better than they end would make later ideas look worse than they are. So
 * previews count as less certain, the further they are from the champion's own.
 * @param own how many trials at the beginning are the champion's
 */
export function previewError(
  finished: readonly { preview: number; value: number }[],
  own = 0,
): PreviewError | null {
  if (finished.length < LEAST_PAIRS) return null;
  let n = LEAST_PAIRS;
  for (let more = n; more <= finished.length; more = Math.ceil(GROWTH * more)) n = more;
  const all = finished.slice(0, n).map(({ preview, value }) => value - preview);
  const differences = believable(all);
  const m = differences.length;
  if (m < LEAST_PAIRS) return null;
  const shift = mean(differences);
  const spread = differences.reduce((sum, d) => sum + (d - shift) ** 2, 0) / (m - 1);
  const trusted = all.slice(0, own);
  const apart = trusted.length > 0 ? Math.abs(mean(trusted) - shift) : 0;
  const beyondChance = Math.max(0, apart - BY_CHANCE * Math.sqrt(spread / Math.max(1, trusted.length)));
  const variance = (spread * (1 + 1 / m) * (m - 1)) / (m - 3) + (MISTRUST * beyondChance) ** 2;
  return { shift, variance };
}

function believable(differences: readonly number[]): number[] {
  const middle = median(differences);
  const usual = median(differences.map(d => Math.abs(d - middle)));
  return differences.filter(d => usual === 0 || Math.abs(d - middle) <= ABSURD * usual);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** The step in the history for a trial that was stopped at this preview. */
export function stoppedStep({ seed, value }: Sample, error: PreviewError): Step & { kind: 'stopped' } {
  return { kind: 'stopped', sample: { seed, value: value + error.shift }, variance: error.variance };
}

/**
 * Whether an idea's first trial is not worth finishing: even perfect information about the idea would be worth less than the rest of the
 * trial costs. Not for ideas that change the schedule, because their previews mean something else.
 * @param unspent share of the trial's price that is left when the preview is taken: 0.5 at half of the budget
 */
export function cannotWin(
  knowledge: Knowledge,
  preview: Sample,
  error: PreviewError,
  unspent: number,
  rules: GateRules,
): boolean {
  const prices = pricesOf(rules);
  const tested = stoppedTest(knowledge, stoppedStep(preview, error));
  const assessment = assess(tested, prices);
  const price = unspent * FINISHED_TRIAL * assessment.noise;
  return worthWithCertainty(tested, prices, assessment) < price;
}

/** Precision of the bar, in noises of a trial. */
const BAR_PRECISION = 0.05;

/**
 * The bar for the preview of a first trial on `seed`, in the metric's unit: a worse preview stops the trial. Null if no trial is stopped: under
 * the greedy rule, and as long as no two trials of the same tree have differed.
 * @param unspent share of the trial's price that is left when the preview is taken
 */
export function stopBar(
  knowledge: Knowledge,
  seed: number,
  error: PreviewError,
  unspent: number,
  rules: GateRules,
): number | null {
  const { origin, unit, sign, noise } = knowledge.scale;
  if (rules.rule === 'greedy' || noise !== 'spread') return null;
  const previewAt = (distance: number) => origin + sign * distance * unit - error.shift;
  const hopeless = (distance: number) =>
    cannotWin(knowledge, { seed, value: previewAt(distance) }, error, unspent, rules);
  const around = knowledge.bar ?? 0;
  const above = reach(distance => hopeless(around + distance), 2, FARTHEST);
  if (above > FARTHEST) return null;
  const below = reach(distance => !hopeless(around - distance), 2, FARTHEST);
  if (below > FARTHEST) return null;
  return previewAt(bisect(hopeless, around - below, around + above, BAR_PRECISION));
}
