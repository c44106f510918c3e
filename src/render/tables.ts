/** The tables below a verdict: the scores that were compared, and the trials they are means of. */
import { markdownTable } from 'markdown-table';
import { stoppedTrial } from '../campaign/evidence/stopping.ts';
import type { RecordedTrial, Verdict } from '../campaign/marker.ts';
import { measuredValues } from '../campaign/model.ts';
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
export function scoreTable(
  { metric }: Contract,
  { value, championValue, championTrials, noise }: Verdict,
  trials: readonly RecordedTrial[],
): string {
  const count = measuredValues(trials).length;
  if (value === null || championValue === null || count === 0 || stoppedTrial(trials)) return '';
  const error = (of: number | undefined) =>
    noise === null || of === undefined || of === 0 ? '–' : formatNoise(noise / Math.sqrt(of));
  const both = championTrials === undefined ? undefined : (count * championTrials) / (count + championTrials);
  const direction = metric.goal === 'minimize' ? 'lower' : 'higher';
  return markdownTable(
    [
      ['', `${metric.name}, ${direction} is better`, 'trials', 'standard error'],
      ['this idea', formatValue(value), String(count), error(count)],
      ['champion', formatValue(championValue), String(championTrials ?? '–'), error(championTrials)],
      ['difference', formatDifference(value - championValue, championValue), '', error(both)],
      ...(noise === null ? [] : [['sd of one trial', formatNoise(noise), '', '']]),
    ],
    { align: ['l', 'r', 'r', 'r'] },
  );
}

/** One row per trial, and below it what is odd about their scores. Columns of which nothing is known are left out. */
export function trialTable({ metric }: Contract, trials: readonly RecordedTrial[]): string {
  const seconds = (value: number) => (value > 0 ? formatSeconds(value) : '–');
  const columns = [
    { head: 'trial', align: 'l', cells: trials.map(({ trial }) => trial) },
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
  const table = markdownTable([columns.map(({ head }) => head), ...rows], {
    align: columns.map(({ align }) => align),
  });
  const repeats = repeatsSentence(trials);
  return repeats === '' ? table : `${table}\n\n${repeats}`;
}

/** Which trials scored the same on different seeds, which the gate counts as one; empty if none did. */
function repeatsSentence(trials: readonly RecordedTrial[]): string {
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
