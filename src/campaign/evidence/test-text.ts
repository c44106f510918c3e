/** The test text beside the validation text: a gain on one that is missing on the other was not earned by a better model. */
import { mean } from '../../gate/mean.ts';
import type { Contract } from '../../protocol/contract.ts';
import type { Measurement } from '../../protocol/measurement.ts';

/** The least share of a gain that has to show on the test text: honest gains differ between two texts, too. */
const LEAST_SHARE = 1 / 3;
/** How far below that it may lie by chance, in standard errors of the gain. Between seeds, both texts vary together. */
const ERRORS = 1;

/** How much better the candidate is than the champion on each text, as means over the audited trials; positive is better. */
export interface TextGains {
  validation: number;
  test: number;
}

/**
 * The gains on both texts, if that on the test text is too small for that on the validation text; else null, and where it is not known.
 * @param candidate its trials under the conditions of the champion's
 * @param noise σ̂: standard deviation of a trial
 */
export function missingOnTest(
  { metric }: Contract,
  candidate: readonly Measurement[],
  champion: readonly Measurement[],
  noise: number,
): TextGains | null {
  const [ours, theirs] = [pairsOf(candidate), pairsOf(champion)];
  if (ours.length === 0 || theirs.length === 0) return null;
  const sign = metric.goal === 'minimize' ? 1 : -1;
  const gain = (text: keyof TextGains) =>
    sign * (mean(theirs.map(pair => pair[text])) - mean(ours.map(pair => pair[text])));
  const gains = { validation: gain('validation'), test: gain('test') };
  const error = noise * Math.sqrt(1 / ours.length + 1 / theirs.length);
  return gains.test < LEAST_SHARE * gains.validation - ERRORS * error ? gains : null;
}

/** What was found, in a sentence for people. */
export function missingReason({ validation, test }: TextGains): string {
  const share = Math.abs(test / validation);
  const than = test > 0 ? `only ${test.toPrecision(2)} better` : `${(-test).toPrecision(2)} worse`;
  const found = `${validation.toPrecision(2)} better than the champion on the validation text`;
  return `Scored ${found}, but ${share < 0.01 ? 'no better' : than} on the test text.`;
}

/** The scores on both texts of the trials that have both. */
function pairsOf(trials: readonly Measurement[]): TextGains[] {
  return trials.flatMap(({ outcome, refereed }) =>
    outcome.status === 'measured' && refereed?.testValue != null
      ? [{ validation: outcome.value, test: refereed.testValue }]
      : [],
  );
}
