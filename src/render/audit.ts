import type { RecordedTrial } from '../campaign/marker.ts';
import { mean } from '../gate/mean.ts';
import type { Contract } from '../protocol/contract.ts';
import type { Measurement } from '../protocol/measurement.ts';
import { escapeMarkdown } from '../text/markdown.ts';
import { formatDifference, formatNoise, formatValue } from './number.ts';

/** Shown next to every number that was measured without a sandbox. */
export const NO_SANDBOX =
  "Measured without a sandbox: nothing kept the candidate's code from faking this score.";

/** Whether a trial has a score from outside a sandbox. A crash or a machine error has none, and may have come before anything was started. */
export function ranBare({ sandbox, outcome: { status } }: RecordedTrial): boolean {
  return sandbox === 'none' && (status === 'measured' || status === 'stopped');
}

/** What a trial's audit found; empty if the metric has no referee. */
export function auditSentence(trial: Measurement): string {
  if (trial.outcome.status !== 'measured' || trial.refereed === null) return '';
  const { audit } = trial.refereed;
  if (audit === null)
    return 'Not audited: the score is above the audit threshold, so it cannot lead to a merge.';
  const { n, sd, largest, smallestLie, flags } = audit;
  const nats = (value: number | null) => (value === null ? 'not finite' : `${formatNoise(value)} nats`);
  const disagreement =
    flags.length > 0 ? `**The audit disagrees:** ${escapeMarkdown(flags.join('; '))}. ` : '';
  const power =
    smallestLie === null
      ? ''
      : ` A score overstated by ${formatNoise(smallestLie)} would be detected with 99% probability.`;
  return `${disagreement}Audited: ${n} predictions repeated blind, largest difference ${nats(largest)} (standard deviation ${nats(sd)}).${power}`;
}

/** Mean score on the test text over the audited trials; null if none was audited. */
function testValue(trials: readonly RecordedTrial[]): number | null {
  const values = trials.flatMap(trial => trial.refereed?.testValue ?? []);
  return values.length > 0 ? mean(values) : null;
}

/** Mean of the metric over the same trials. */
function auditedValue(trials: readonly RecordedTrial[]): number | null {
  const values = trials.flatMap(({ outcome, refereed }) =>
    outcome.status === 'measured' && refereed?.testValue != null ? [outcome.value] : [],
  );
  return values.length > 0 ? mean(values) : null;
}

/** The score on the held-out test text, which can hold a merge back and never leads to one; empty if it was not measured. */
export function testSentence({ metric }: Contract, trials: readonly RecordedTrial[]): string {
  const value = testValue(trials);
  return value === null
    ? ''
    : `On a second held-out text, which can hold a merge back but never cause one: ${metric.name} ${formatValue(value)}.`;
}

/**
 * The improvement on the validation text beside that on the test text. A growing gap means that the campaign overfits the validation
 * text. Empty if either champion has no test score.
 */
export function overfittingSentence(first: readonly RecordedTrial[], last: readonly RecordedTrial[]): string {
  const before = { value: auditedValue(first), test: testValue(first) };
  const after = { value: auditedValue(last), test: testValue(last) };
  if (before.value === null || before.test === null || after.value === null || after.test === null) return '';
  const gained = formatDifference(after.value - before.value, before.value);
  const tested = formatDifference(after.test - before.test, before.test);
  return `Since the start: ${gained} on the validation text, ${tested} on the test text.`;
}
