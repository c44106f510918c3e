import type { ExperimentMarker } from '../campaign/marker.ts';
import { keptBy } from '../campaign/people.ts';
import { escapeMarkdown } from '../text/markdown.ts';

/** Who merged the experiment if it was not the gate; null if it was. */
export function whoDecided(marker: ExperimentMarker): string | null {
  if (marker.verdict?.kind === 'person') return 'merged by hand';
  const keeper = keptBy(marker);
  return keeper === null ? null : `kept by ${escapeMarkdown(keeper)}`;
}
