/** Titles of pull requests. A title starts as the idea and ends with the result in front, so the list of pull requests is the history. */

import { stoppedTrial } from '../campaign/evidence/stopping.ts';
import type { ExperimentMarker, Verdict } from '../campaign/marker.ts';
import { plainLine } from '../text/plain.ts';
import { formatDifference, formatProjection, formatValue } from './number.ts';

/** The idea alone, while it is being measured. */
export function openTitle(marker: ExperimentMarker): string {
  const title = plainLine(marker.idea.title) || `Experiment ${marker.number}`;
  return marker.parts.length === 0 ? title : `stack of ${marker.parts.length}: ${title}`;
}

/** Verdicts that say more of an idea than its score. */
const NAMED: readonly Verdict['kind'][] = ['crash', 'flagged', 'guard'];

/** `0.9697 (−0.0012) warmdown 0.7 → 0.75`, `≈ 0.9801 (+0.0092) …` if its trial was stopped early, or `crash: …` and the like. */
export function settledTitle(marker: ExperimentMarker, verdict: Verdict): string {
  const idea = openTitle(marker);
  if (NAMED.some(kind => kind === verdict.kind)) return `${verdict.kind}: ${idea}`;
  if (verdict.value === null) return `${OUTCOMES[verdict.kind]}: ${idea}`;
  const difference =
    verdict.championValue === null
      ? ''
      : ` (${formatDifference(verdict.value - verdict.championValue, verdict.championValue)})`;
  const isProjected = verdict.kind === 'close' && stoppedTrial(marker.trials) !== undefined;
  return `${(isProjected ? formatProjection : formatValue)(verdict.value)}${difference} ${idea}`;
}

const OUTCOMES: Record<Verdict['kind'], string> = {
  merge: 'merged',
  close: 'closed',
  guard: 'guard',
  crash: 'crash',
  flagged: 'flagged',
  unmeasurable: 'unmeasurable',
  superseded: 'superseded',
  stopped: 'stopped',
  person: 'closed by a person',
};
