/** Guarded numbers in tables. */
import { markdownTable } from 'markdown-table';
import { guardLevels } from '../campaign/evidence/guards.ts';
import { type GuardFinding, isBreach } from '../campaign/guard-finding.ts';
import type { Verdict } from '../campaign/marker.ts';
import type { Campaign, Experiment, Snapshot } from '../campaign/model.ts';
import type { Contract } from '../protocol/contract.ts';
import { isFromOutside, writeBound } from '../protocol/guards.ts';
import { escapeMarkdown, quote } from '../text/markdown.ts';
import { formatNoise, formatValue } from './number.ts';

const RESULTS: Record<GuardFinding['kind'], string> = {
  kept: 'ok',
  unsure: 'not sure',
  broken: '**broken**',
  missing: '**missing**',
};

/** One row per guard, and whose word its number is; empty if no guard was looked at. */
export function guardTable({ metric }: Contract, { guards = [] }: Verdict): string {
  if (guards.length === 0) return '';
  const isRefereed = metric.referee !== undefined;
  const head = ['guard', 'this idea', 'trials', 'limit', 'reference champion', 'sd of one trial', ''];
  const rows = guards.map(finding => [
    `${escapeMarkdown(finding.name)}${isFromOutside(finding.name, isRefereed) ? '' : ' ¹'}`,
    finding.value === null ? '–' : formatValue(finding.value),
    String(finding.trials),
    limitText(finding),
    finding.reference === null ? '–' : formatValue(finding.reference),
    finding.noise === null ? '–' : formatNoise(finding.noise),
    RESULTS[finding.kind],
  ]);
  const table = markdownTable([head, ...rows], { align: ['l', 'r', 'r', 'r', 'r', 'r', 'l'] });
  const isWord = guards.some(({ name }) => !isFromOutside(name, isRefereed));
  return isWord ? `${table}\n\n<sub>¹ as the candidate reported it</sub>` : table;
}

/** `≤ 1618 (1.1x)`, `≥ 0.9200` */
function limitText({ side, bound, limit }: Pick<GuardFinding, 'side' | 'bound' | 'limit'>): string {
  const sign = side === 'at_most' ? '≤' : '≥';
  if (limit === null) return `${sign} ${bound}`;
  const isPlain = Number(bound) === limit;
  return `${sign} ${formatValue(limit)}${isPlain ? '' : ` (${bound})`}`;
}

/** What the contract guards, how far each number may go now, and what the champion has. */
export function guardLine(snapshot: Snapshot, campaign: Campaign): string {
  if (snapshot.contract.kind !== 'contract') return '';
  const levels = guardLevels(snapshot, snapshot.contract.contract, campaign);
  const all = levels.map(({ guard, champion, limit }) => {
    const bound = writeBound(guard.bound);
    const text = `${quote(guard.name)} ${limitText({ side: guard.side, bound, limit })}`;
    return champion === null ? text : `${text}, the champion has ${formatValue(champion)}`;
  });
  return `**Guards:** ${all.join('; ')}.`;
}

interface Guarded {
  guards: readonly GuardFinding[];
}

/** What was found about an experiment's guards. */
export function guarded({ marker }: Experiment): Guarded {
  return { guards: marker.verdict?.guards ?? [] };
}

/** The experiments that were not merged because of a guard, at most so many, as lines of a list. */
export function guardList(experiments: readonly Experiment[], most: number): string[] {
  const broken = experiments.filter(({ marker }) => marker.verdict?.kind === 'guard');
  const lines = broken.slice(-most).map(({ pull, marker }) => {
    const title = escapeMarkdown(marker.idea.title, 80);
    return `- #${pull} ${title}: ${escapeMarkdown(marker.verdict?.reason ?? '')}`;
  });
  const more = broken.length - lines.length;
  return more > 0 ? [...lines, `- and ${more} more`] : lines;
}

/** The guards that any of these was checked against, in order. */
export function guardNames(rows: readonly Guarded[]): string[] {
  return [...new Set(rows.flatMap(({ guards }) => guards.map(({ name }) => name)))];
}

/** A cell for each of these guards; what broke one is bold. */
export function guardCells({ guards }: Guarded, names: readonly string[]): string[] {
  return names.map(name => {
    const finding = guards.find(each => each.name === name);
    if (!finding) return '';
    const text = finding.value === null ? 'missing' : formatValue(finding.value);
    return isBreach(finding) ? `**${text}**` : text;
  });
}
