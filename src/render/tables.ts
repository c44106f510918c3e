/** The tables below a verdict: the scores that were compared, and the trials they are means of. */
import { markdownTable } from 'markdown-table';
import { countsOf, errorsOf } from '../campaign/evidence/ending.ts';
import { stoppedTrial } from '../campaign/evidence/stopping.ts';
import type { RecordedTrial, Verdict } from '../campaign/marker.ts';
import type { Contract } from '../protocol/contract.ts';
import { escapeMarkdown } from '../text/markdown.ts';
import {
  formatDifference,
  formatMemory,
  formatNoise,
  formatProjection,
  formatSeconds,
  formatValue,
} from './number.ts';

/** The two means, their difference and how far each can be trusted; empty if no two were compared. */
export function scoreTable({ metric }: Contract, verdict: Verdict, trials: readonly RecordedTrial[]): string {
  const { value, championValue, noise } = verdict;
  const counts = countsOf(verdict, trials);
  if (value === null || championValue === null || counts.candidate === 0 || stoppedTrial(trials)) return '';
  const errors = errorsOf(verdict, trials);
  const shown = (error: number | null) => (error === null ? '–' : formatNoise(error));
  const direction = metric.goal === 'minimize' ? 'lower' : 'higher';
  return markdownTable(
    [
      ['', `${metric.name}, ${direction} is better`, 'trials', 'standard error'],
      ['this idea', formatValue(value), String(counts.candidate), shown(errors.candidate)],
      ['champion', formatValue(championValue), String(counts.champion ?? '–'), shown(errors.champion)],
      ['difference', formatDifference(value - championValue, championValue), '', shown(errors.difference)],
      ...(noise === null ? [] : [['sd of one trial', formatNoise(noise), '', '']]),
    ],
    { align: ['l', 'r', 'r', 'r'] },
  );
}

/** One row for each trial, then one for each of the champion's. Columns without any content are left out. */
export function trialTable(
  { metric }: Contract,
  own: readonly RecordedTrial[],
  champion: readonly RecordedTrial[],
): string {
  const trials = [...own, ...champion];
  const names = [...own.map(({ trial }) => trial), ...champion.map(({ trial }) => `${trial} (champion)`)];
  const seconds = (value: number) => (value > 0 ? formatSeconds(value) : '–');
  const columns = [
    { head: 'trial', align: 'l', cells: names },
    { head: metric.name, align: 'r', cells: trials.map(resultOf) },
    { head: 'training', align: 'r', cells: trials.map(({ trainingSeconds }) => seconds(trainingSeconds)) },
    { head: 'total', align: 'r', cells: trials.map(({ totalSeconds }) => seconds(totalSeconds)) },
    {
      head: 'memory',
      align: 'r',
      cells: trials.map(({ peakMemoryMb }) => (peakMemoryMb > 0 ? formatMemory(peakMemoryMb) : '–')),
    },
    { head: 'machine', align: 'l', cells: trials.map(({ machine }) => escapeMarkdown(machine, 60)) },
  ].filter(({ cells }) => cells.some(cell => cell !== '–'));
  const rows = trials.map((_, i) => columns.map(({ cells }) => cells[i] ?? ''));
  return markdownTable([columns.map(({ head }) => head), ...rows], {
    align: columns.map(({ align }) => align),
  });
}

/** Which trials scored the same on different seeds, which the gate counts as one; empty if none did. */
export function repeatsSentence(trials: readonly RecordedTrial[]): string {
  const measured = trials.filter(({ outcome }) => outcome.status === 'measured');
  const groups = Map.groupBy(measured, ({ outcome }) => outcome.status === 'measured' && outcome.value);
  return [...groups.values()]
    .filter(group => new Set(group.map(({ seed }) => seed)).size > 1)
    .map(group => {
      const names = group.map(({ trial }) => trial);
      return `Trials ${names.slice(0, -1).join(', ')} and ${names.at(-1)} ran on different seeds and scored exactly the same, so they count as one: the code seems to ignore its seed.`;
    })
    .join(' ');
}

function resultOf({ outcome }: RecordedTrial): string {
  if (outcome.status === 'measured') return formatValue(outcome.value);
  if (outcome.status === 'stopped') return `stopped early, ${formatProjection(outcome.value)}`;
  return outcome.status === 'fault' ? 'machine error' : 'crashed';
}
