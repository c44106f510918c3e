/** The description of an experiment's pull request. */
import type { ExperimentMarker } from '../campaign/marker.ts';
import { escapeMarkdown, fence, quote } from '../text/markdown.ts';

/** The visible part of the pull request's description. */
export function pullDescription(marker: ExperimentMarker): string {
  const diffs = marker.idea.edits.map(edit => {
    const removed = edit.search.split(/\r?\n/).map(line => `-${line}`);
    const added = edit.replace === '' ? [] : edit.replace.split(/\r?\n/).map(line => `+${line}`);
    return fence([`# ${edit.path}`, ...removed, ...added].join('\n'), 'diff');
  });
  const { cost } = marker;
  const spent =
    cost.calls > 0
      ? ` (${cost.inputTokens + cost.outputTokens} tokens${cost.usd === null ? '' : `, $${cost.usd.toFixed(3)}`})`
      : '';
  return [
    `**Hypothesis.** ${escapeMarkdown(marker.idea.hypothesis, 2000) || 'None given.'}`,
    ...(marker.parts.length > 0
      ? [`Stack of near misses: ${marker.parts.map(pull => `#${pull}`).join(', ')}.`]
      : []),
    ...diffs,
    `Experiment ${marker.number} of campaign #${marker.campaign}, proposed by ${quote(marker.agent)}${spent}, based on champion ${marker.champion.sha.slice(0, 7)}.`,
    ...peopleOf(marker),
  ].join('\n\n');
}

/** Who requested the experiment, and what people commanded since. */
function peopleOf({ asked, words }: ExperimentMarker): string[] {
  const from =
    asked?.pull == null || asked.undo
      ? `: ${escapeMarkdown(asked?.idea ?? '')}`
      : `, as a rerun of #${asked.pull}`;
  const commands = words.map(({ kind, by }) => `- ${escapeMarkdown(by)} ${REQUESTED[kind]}`);
  return [
    ...(asked ? [`Requested by ${escapeMarkdown(asked.by)}${from}.`] : []),
    ...(commands.length > 0 ? [commands.join('\n')] : []),
  ];
}

const REQUESTED: Record<ExperimentMarker['words'][number]['kind'], string> = {
  keep: 'asked to keep it: it is merged once it has been measured on the current champion. If the campaign is paused, resume it first.',
  discard: 'asked to close it.',
  rerun: 'asked for another trial.',
};
