/** The table of a campaign's merges, in its report and on its promotion. */
import { markdownTable } from 'markdown-table';
import type { Experiment } from '../campaign/model.ts';
import { escapeMarkdown } from '../text/markdown.ts';
import { guardCells, guarded, guardNames } from './guards.ts';
import { formatDifference, formatShare, formatValue } from './number.ts';
import { whoDecided } from './who-decided.ts';

interface Column {
  head: string;
  cell: (experiment: Experiment) => string;
}

/** A row for each merged experiment; `more` columns come last. */
export function mergedTable(
  merged: readonly Experiment[],
  metric: string,
  more: readonly Column[] = [],
): string {
  const guards = guardNames(merged.map(guarded));
  const rows = merged.map(experiment => {
    const { pull, marker } = experiment;
    const { value = null, championValue = null, doubt = null } = marker.verdict ?? {};
    return [
      `#${pull}`,
      escapeMarkdown(marker.idea.title, 80),
      value === null ? '–' : formatValue(value),
      value === null || championValue === null ? '–' : formatDifference(value - championValue, championValue),
      ...guardCells(guarded(experiment), guards),
      whoDecided(marker) ?? (doubt === null ? '–' : formatShare(doubt)),
      ...more.map(({ cell }) => cell(experiment)),
    ];
  });
  const names = guards.map(name => escapeMarkdown(name));
  const head = [
    '',
    'merged',
    metric,
    'change',
    ...names,
    'chance of no gain',
    ...more.map(({ head }) => head),
  ];
  return markdownTable([head, ...rows], { align: head.map((_, i) => (i === 1 ? 'l' : 'r')) });
}
