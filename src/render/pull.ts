/** Texts of an experiment's pull request: description and verdict. */
import { disturbance } from '../campaign/evidence/disturbance.ts';
import { stoppedTrial } from '../campaign/evidence/stopping.ts';
import type { ExperimentMarker, RecordedTrial, Verdict } from '../campaign/marker.ts';
import type { Contract } from '../protocol/contract.ts';
import { escapeMarkdown, fence, quote } from '../text/markdown.ts';
import { auditSentence, NO_SANDBOX, ranBare, testSentence } from './audit.ts';
import { isNearMissVerdict } from './near-miss.ts';
import { formatComparison, formatNoise, formatShare, formatValue } from './number.ts';
import { reportedDetails } from './reported.ts';
import { scoreTable, trialTable } from './tables.ts';

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
    asked?.pull == null ? `: ${escapeMarkdown(asked?.idea ?? '')}` : `, as a rerun of #${asked.pull}`;
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

/** The comment on an experiment whose verdict is left to people. */
export function heldComment(contract: Contract, verdict: Verdict, trials: readonly RecordedTrial[]): string {
  return [
    `✋ **Held for review:** ${numbers(contract, verdict)}. ${escapeMarkdown(verdict.reason)}`,
    'A result like this is more often a measurement error than a discovery. Check how this change achieves its score, then comment `/research keep` to merge it, `/research discard` to close it, or `/research rerun` for another trial. Meanwhile the campaign continues with other ideas.',
    scoreTable(contract, verdict, trials),
    trialTable(contract, trials),
    details('How this was decided', judgement(contract, verdict)),
    lastReported(trials),
  ]
    .filter(part => part !== '')
    .join('\n\n');
}

/** The comment with the verdict: outcome first, then what to do, then one table of trials; everything else is folded. */
export function verdictComment(
  contract: Contract,
  marker: ExperimentMarker,
  verdict: Verdict,
  trials: readonly RecordedTrial[],
): string {
  const parts = [headline(contract, verdict, trials), advice(marker, verdict)];
  parts.push(scoreTable(contract, verdict, trials));
  if (trials.length > 0) parts.push(trialTable(contract, trials));
  parts.push(...trials.flatMap(trial => disturbance(trial, trials) ?? []));
  for (const { trial, outcome } of trials)
    if (outcome.status === 'crash' && outcome.traceback !== '')
      parts.push(details(`End of the output of trial ${trial}`, fence(outcome.traceback.trimEnd(), 'text')));
  const audits = trials.flatMap(trial => {
    const sentence = auditSentence(trial);
    return sentence === '' ? [] : [`- ${trial.trial}: ${sentence}`];
  });
  const tested = verdict.kind === 'merge' ? testSentence(contract, trials) : '';
  if (audits.length > 0) parts.push(details('Audit', [...audits, '', tested].join('\n').trim()));
  if (verdict.doubt !== null) parts.push(details('How this was decided', judgement(contract, verdict)));
  parts.push(lastReported(trials));
  if (trials.some(ranBare)) parts.push(`<sub>${NO_SANDBOX}</sub>`);
  return parts.filter(part => part !== '').join('\n\n');
}

/** Of the last trial that measured something. */
function lastReported(trials: readonly RecordedTrial[]): string {
  const last = trials.findLast(({ outcome }) => outcome.status === 'measured');
  return last === undefined ? '' : reportedDetails(last);
}

/** The candidate's score and how it compares with the champion's; empty if nothing was measured. */
function numbers({ metric }: Contract, { value, championValue }: Verdict): string {
  if (value === null) return '';
  const score = `${metric.name} **${formatValue(value)}**`;
  if (championValue === null) return score;
  return `${score}, ${formatComparison(value, championValue, metric.goal)} the champion (${formatValue(championValue)})`;
}

function headline(contract: Contract, verdict: Verdict, trials: readonly RecordedTrial[]): string {
  const score = numbers(contract, verdict);
  const reason = escapeMarkdown(verdict.reason);
  switch (verdict.kind) {
    case 'merge':
      // If the score is not why it is merged, the reason is given.
      return `✅ **Merging:** ${score}.${verdict.cause === 'better' ? certainty(verdict) : ` ${reason}`}`;
    case 'close':
      return closed(contract, verdict, trials);
    case 'crash':
      return `💥 **Crashed** ${crashText(trials) ?? reason}`;
    case 'flagged':
      return `🚩 **Flagged:** ${reason}`;
    default:
      return `⏹ **No verdict:** ${reason}${score === '' ? '' : ` Measured so far: ${score}.`}`;
  }
}

/** How sure the gate is of a gain. */
function certainty({ doubt }: Verdict): string {
  return doubt === null ? '' : ` The probability of no real gain is ${formatShare(doubt)}.`;
}

/** If the idea scored better, says why it was closed all the same. */
function closed(contract: Contract, verdict: Verdict, trials: readonly RecordedTrial[]): string {
  const score = numbers(contract, verdict);
  const stopped = stoppedTrial(trials)?.outcome;
  if (stopped?.status === 'stopped')
    return `❌ **Stopped early at ${Math.round(100 * stopped.at)}%:** projected ${score}. Not merged.`;
  if (!isNearMissVerdict(verdict, trials, contract.metric.goal)) return `❌ **Not merged:** ${score}.`;
  if (contract.gate.rule === 'greedy')
    return `❌ **Not merged:** ${score}, but not better than the champion's first trial, which \`gate.rule: greedy\` compares with. Kept as a near miss.`;
  const noise = verdict.noise === null ? '' : ` (sd ${formatNoise(verdict.noise)})`;
  return `❌ **Not merged:** ${score}, but a difference this large happens by chance between runs of the same code${noise}. Kept as a near miss.`;
}

/** `(exception): RuntimeError: …` of the trial that crashed; null if none of these did. */
function crashText(trials: readonly RecordedTrial[]): string | null {
  const outcome = trials.findLast(trial => trial.outcome.status === 'crash')?.outcome;
  return outcome?.status === 'crash' ? `(${outcome.reason}): ${escapeMarkdown(outcome.message)}` : null;
}

function advice(marker: ExperimentMarker, verdict: Verdict): string {
  switch (verdict.kind) {
    case 'merge':
      return 'No action needed. Once merged, this is the champion that later ideas are measured against.';
    case 'close':
      return 'No action needed. Later ideas will take this result into account. To measure it again, comment `/research rerun` here.';
    case 'crash':
      return 'No action needed. A crash counts against the idea, not against the campaign. The agent is shown the end of the output below.';
    case 'flagged':
      return `Please check how this change achieves its score. The campaign is paused until someone comments \`/research resume\` on #${marker.campaign}.`;
    default:
      return 'To try it again, comment `/research rerun` here.';
  }
}

function judgement({ metric, gate }: Contract, verdict: Verdict): string {
  const direction = `${metric.goal === 'minimize' ? 'Lower' : 'Higher'} is better.`;
  const reason = escapeMarkdown(verdict.reason);
  if (gate.rule === 'greedy')
    return `${reason} The contract says \`gate.rule: greedy\`: a single trial decides, and every score better than the champion's is merged. ${direction}`;
  return [
    reason,
    `Trials of the same code vary with a standard deviation of about ${formatNoise(verdict.noise ?? 0)} ${metric.name}, ${gate.noise === null ? 'learned from all trials so far' : 'from `gate.noise` and all trials so far'}.`,
    `The probability that this idea improves by less than a fifth of that is ${formatShare(verdict.doubt ?? 1)}. About ${formatShare(gate.false_merges)} of all merges may be like that (\`gate.false_merges\`).`,
    direction,
  ].join(' ');
}

function details(summary: string, content: string): string {
  return `<details><summary>${summary}</summary>\n\n${content}\n\n</details>`;
}
