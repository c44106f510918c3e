/** What an experiment's pull request says: description, verdict, commit messages. */
import { markdownTable } from 'markdown-table';
import { stoppedTrial } from '../campaign/evidence/stopping.ts';
import type { ExperimentMarker, RecordedTrial, Verdict } from '../campaign/marker.ts';
import { branchName } from '../campaign/model.ts';
import { keptBy } from '../campaign/people.ts';
import type { Contract } from '../protocol/contract.ts';
import { escapeMarkdown, fence } from '../text/markdown.ts';
import { plainLine } from '../text/plain.ts';
import { auditSentence, NO_SANDBOX, ranBare, testSentence } from './audit.ts';
import { formatDifference, formatNoise, formatSeconds, formatShare, formatValue } from './number.ts';
import { openTitle } from './title.ts';

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
      ? `, ${cost.inputTokens + cost.outputTokens} tokens${cost.usd === null ? '' : `, $${cost.usd.toFixed(3)}`}`
      : '';
  return [
    `**Hypothesis.** ${escapeMarkdown(marker.idea.hypothesis, 2000) || 'None given.'}`,
    ...diffs,
    `Experiment ${marker.number} of campaign #${marker.campaign}, proposed by \`${marker.agent}\`${spent}, on champion ${marker.champion.sha.slice(0, 7)}.`,
    ...peopleOf(marker),
  ].join('\n\n');
}

/** Who asked for the experiment, and what people said of it since. */
function peopleOf({ asked, words }: ExperimentMarker): string[] {
  const from =
    asked?.pull == null ? `: ${escapeMarkdown(asked?.idea ?? '')}` : `, which is #${asked.pull} once more`;
  const said = words.map(({ kind, by }) => `- ${escapeMarkdown(by)} ${SAID[kind]}`);
  return [
    ...(asked ? [`Asked for by ${escapeMarkdown(asked.by)}${from}.`] : []),
    ...(said.length > 0 ? [said.join('\n')] : []),
  ];
}

const SAID: Record<ExperimentMarker['words'][number]['kind'], string> = {
  keep: 'wants it kept: it is merged as soon as it has been measured on the present champion. A campaign that is paused has to be resumed first.',
  discard: 'wants it closed.',
  rerun: 'wants one more trial of it.',
};

/** The comment that leaves an experiment to people. */
export function heldComment(contract: Contract, verdict: Verdict, trials: readonly RecordedTrial[]): string {
  return [
    `✋ **Held for a person:**${numbers(contract, verdict)}. ${escapeMarkdown(verdict.reason)}`,
    'That is more often a mistake in the measuring than a discovery. Please look at how this change comes to its number, then comment here: `/research keep` merges it, `/research discard` closes it, `/research rerun` takes another trial. The campaign goes on with other ideas meanwhile.',
    trialTable(contract, trials),
    details('How this was judged', judgement(contract, verdict)),
  ].join('\n\n');
}

/** The comment that tells the verdict: verdict first, then what to do next, then one table, the rest folded. */
export function verdictComment(
  contract: Contract,
  marker: ExperimentMarker,
  verdict: Verdict,
  trials: readonly RecordedTrial[],
): string {
  const parts = [headline(contract, marker, verdict, trials), advice(marker, verdict)];
  if (trials.length > 0) parts.push(trialTable(contract, trials));
  for (const { trial, outcome } of trials)
    if (outcome.status === 'crash' && outcome.traceback !== '')
      parts.push(details(`End of the output of trial ${trial}`, fence(outcome.traceback.trimEnd(), 'text')));
  const audits = trials.flatMap(trial => {
    const sentence = auditSentence(trial);
    return sentence === '' ? [] : [`- ${trial.trial}: ${sentence}`];
  });
  const tested = verdict.kind === 'merge' ? testSentence(contract, trials) : '';
  if (audits.length > 0)
    parts.push(details('What the audit found', [...audits, '', tested].join('\n').trim()));
  if (verdict.doubt !== null) parts.push(details('How this was judged', judgement(contract, verdict)));
  if (trials.some(ranBare)) parts.push(`<sub>${NO_SANDBOX}</sub>`);
  return parts.join('\n\n');
}

/** The candidate's value, and the champion's beside it. */
function numbers({ metric }: Contract, { value, championValue }: Verdict): string {
  if (value === null) return '';
  const against =
    championValue === null
      ? ''
      : ` (${formatDifference(value - championValue, championValue)} against the champion's ${formatValue(championValue)})`;
  return ` ${metric.name} **${formatValue(value)}**${against}`;
}

function headline(
  contract: Contract,
  marker: ExperimentMarker,
  verdict: Verdict,
  trials: readonly RecordedTrial[],
): string {
  const keeper = keptBy(marker);
  const value = numbers(contract, verdict);
  switch (verdict.kind) {
    case 'merge':
      return keeper === null
        ? `✅ **Merge:**${value}.`
        : `✅ **Merge:**${value}. ${escapeMarkdown(verdict.reason)}`;
    case 'close':
      return `❌ **Close:**${onTheWay(trials)}${value}.`;
    case 'crash':
      return `💥 **Crash:** ${escapeMarkdown(verdict.reason)}`;
    case 'flagged':
      return `🚩 **Not to be trusted:** ${escapeMarkdown(verdict.reason)}`;
    default:
      return `⏹ **Not judged:** ${escapeMarkdown(verdict.reason)}${value === '' ? '' : ` Measured so far:${value}.`}`;
  }
}

/** What stands before a number that was only foretold. */
function onTheWay(trials: readonly RecordedTrial[]): string {
  const outcome = stoppedTrial(trials)?.outcome;
  if (outcome?.status !== 'stopped') return '';
  return ` stopped at ${Math.round(100 * outcome.at)} % of its time, on the way to`;
}

function advice(marker: ExperimentMarker, verdict: Verdict): string {
  switch (verdict.kind) {
    case 'merge':
      return 'Nothing to do: I merge it, and its tree becomes the champion that later ideas are measured against.';
    case 'close':
      return 'Nothing to do: the idea stays here as the memory of what does not help, and the agent knows of it.';
    case 'crash':
      return 'Nothing to do: a crash counts against the idea, not against the campaign. The agent is shown the end of the output below.';
    case 'flagged':
      return `Please look at how this change comes to its number. The campaign waits for you: comment \`/research resume\` on #${marker.campaign}.`;
    default:
      return 'To try it again, comment `/research rerun` here.';
  }
}

/** One row a trial. */
function trialTable(contract: Contract, trials: readonly RecordedTrial[]): string {
  const rows = trials.map(trial => [
    trial.trial,
    resultOf(trial),
    formatSeconds(trial.trainingSeconds),
    formatSeconds(trial.totalSeconds),
    trial.peakMemoryMb > 0 ? `${(trial.peakMemoryMb / 1024).toFixed(1)} GB` : '–',
    escapeMarkdown(trial.machine, 60),
  ]);
  return markdownTable(
    [['trial', contract.metric.name, 'training', 'in all', 'memory', 'machine'], ...rows],
    {
      align: ['l', 'r', 'r', 'r', 'r', 'l'],
    },
  );
}

function resultOf({ outcome }: RecordedTrial): string {
  if (outcome.status === 'measured') return formatValue(outcome.value);
  return outcome.status === 'stopped' ? `stopped, preview ${formatValue(outcome.value)}` : outcome.status;
}

function judgement({ metric, gate }: Contract, verdict: Verdict): string {
  const direction = `${metric.goal === 'minimize' ? 'Lower' : 'Higher'} is better.`;
  const reason = escapeMarkdown(verdict.reason);
  if (gate.rule === 'greedy')
    return `${reason} By the greedy rule one trial decides: whatever is better than the champion's number is merged. ${direction}`;
  return [
    reason,
    `One trial of the same code scatters by about ${formatNoise(verdict.noise ?? 0)} (standard deviation, learned from all trials).`,
    `The chance that this idea gains less than a fifth of that is ${formatShare(verdict.doubt ?? 1)}; of all merges about ${formatShare(gate.false_merges)} may be such.`,
    direction,
  ].join(' ');
}

function details(summary: string, content: string): string {
  return `<details><summary>${summary}</summary>\n\n${content}\n\n</details>`;
}

/** Message of a candidate's commit. Other workflows of the repository do not run on it. */
export function candidateMessage(marker: Pick<ExperimentMarker, 'idea' | 'number' | 'campaign'>): string {
  const title = plainLine(marker.idea.title) || `Experiment ${marker.number}`;
  const branch = branchName(marker.campaign, marker.number);
  return `${title}\n\n${plainLine(marker.idea.hypothesis, 1000)}${candidateEnd(branch)}`;
}

/** Whether a commit with this message is a candidate that the App made for this branch; people's commits say nothing of the kind. */
export function isCandidateFor(branch: string, message: string): boolean {
  return message.trimEnd().endsWith(candidateEnd(branch));
}

function candidateEnd(branch: string): string {
  return `\n\nBranch: ${branch}\n\n[skip ci]`;
}

/** Message of the squash commit, ending in git trailers; the title is passed apart. */
export function squashMessage(
  contract: Contract,
  pull: number,
  marker: ExperimentMarker,
  verdict: Verdict,
): string {
  const keeper = keptBy(marker);
  const trailers = [
    `${trailerName(contract.metric.name)}: ${verdict.value === null ? 'unknown' : formatValue(verdict.value)}`,
    `Experiment: #${pull}`,
    `Campaign: #${marker.campaign}`,
    `Trials: ${marker.trials.map(trial => trial.trial).join(' ')}`,
    ...(keeper === null ? [] : [`Kept-by: ${plainLine(keeper)}`]),
  ];
  const why = plainLine(marker.idea.hypothesis, 1000) || openTitle(marker);
  return `${why}\n\n${trailers.join('\n')}`;
}

/** `val_bpb` -> `Val-Bpb` */
function trailerName(metric: string): string {
  const words = metric.split(/[^A-Za-z0-9]+/).filter(word => word !== '');
  return words.map(word => (word[0] ?? '').toUpperCase() + word.slice(1)).join('-') || 'Metric';
}
