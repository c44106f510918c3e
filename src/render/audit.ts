import type { RecordedTrial } from '../campaign/marker.ts';
import { mean } from '../gate/mean.ts';
import type { Contract } from '../protocol/contract.ts';
import type { Measurement } from '../protocol/measurement.ts';
import { escapeMarkdown } from '../text/markdown.ts';
import { formatDifference, formatNoise, formatValue } from './number.ts';

/** Said wherever such a number is shown. */
export const NO_SANDBOX = 'Measured without a sandbox: the number rests on the candidate being honest.';

/** Whether nothing stood between the candidate and the machine. A fault may have come before there was anything to hold. */
export function ranBare(trial: RecordedTrial): boolean {
  return trial.sandbox === 'none' && trial.outcome.status !== 'fault';
}

/** One sentence about a trial's audit; empty where the metric has no referee. */
export function auditSentence(trial: Measurement): string {
  if (trial.outcome.status !== 'measured' || trial.refereed === null) return '';
  const { audit } = trial.refereed;
  if (audit === null) return 'Not audited: the number did not call for it, and cannot lead to a merge.';
  const { n, sd, largest, smallestLie, flags } = audit;
  const nats = (value: number | null) => (value === null ? 'no number' : `${formatNoise(value)} nats`);
  const found = flags.length > 0 ? `**It does not agree:** ${escapeMarkdown(flags.join('; '))}. ` : '';
  const least =
    smallestLie === null
      ? ''
      : ` A lie of ${formatNoise(smallestLie)} in all would have been noticed with 99 %.`;
  return `${found}Audited at ${n} positions, asked again blind: differences of at most ${nats(largest)}, sd ${nats(sd)}.${least}`;
}

/** Mean on the test text of the trials that were audited; null without any. */
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

/** What the candidate scores on text that decides nothing; empty where it was not tested. */
export function testSentence({ metric }: Contract, trials: readonly RecordedTrial[]): string {
  const value = testValue(trials);
  return value === null
    ? ''
    : `On the test text, which decides nothing, ${metric.name} is ${formatValue(value)}.`;
}

/**
 * How much of what was gained on the text that decides was gained on the test text, too: where less and less is, the campaign
 * learns that text by heart. Empty where either champion was not tested.
 */
export function overfittingSentence(first: readonly RecordedTrial[], last: readonly RecordedTrial[]): string {
  const before = { value: auditedValue(first), test: testValue(first) };
  const after = { value: auditedValue(last), test: testValue(last) };
  if (before.value === null || before.test === null || after.value === null || after.test === null) return '';
  const gained = formatDifference(after.value - before.value, before.value);
  const tested = formatDifference(after.test - before.test, before.test);
  return `Since the start: ${gained} on the text that decides, ${tested} on the test text.`;
}
