/** Titles of pull requests: they begin as the idea and end as the result, so that their list is the history. */

import { stoppedTrial } from '../campaign/evidence/stopping.ts';
import type { ExperimentMarker, Verdict } from '../campaign/marker.ts';
import { plainLine } from '../text/plain.ts';
import { formatDifference, formatGuess, formatValue } from './number.ts';

/** The idea alone, while it is measured. */
export function openTitle(marker: ExperimentMarker): string {
  return plainLine(marker.idea.title) || `Experiment ${marker.number}`;
}

/** `0.9697 (−0.0012) warmdown 0.7 → 0.75`, `≈ 0.9801 (+0.0092) …` where its trial was stopped, or what else became of it. */
export function settledTitle(marker: ExperimentMarker, verdict: Verdict): string {
  const idea = openTitle(marker);
  if (verdict.kind === 'crash' || verdict.kind === 'flagged') return `${verdict.kind}: ${idea}`;
  if (verdict.value === null) return `${WORDS[verdict.kind]}: ${idea}`;
  const difference =
    verdict.championValue === null
      ? ''
      : ` (${formatDifference(verdict.value - verdict.championValue, verdict.championValue)})`;
  const isGuess = verdict.kind === 'close' && stoppedTrial(marker.trials) !== undefined;
  return `${(isGuess ? formatGuess : formatValue)(verdict.value)}${difference} ${idea}`;
}

const WORDS: Record<Verdict['kind'], string> = {
  merge: 'merged',
  close: 'closed',
  crash: 'crash',
  flagged: 'flagged',
  unmeasurable: 'unmeasurable',
  superseded: 'superseded',
  stopped: 'stopped',
  person: 'closed by a person',
};
