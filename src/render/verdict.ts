/** What people read about a verdict: the outcome first, then the evidence, then what to do; everything else is folded. */
import { disturbance } from '../campaign/evidence/disturbance.ts';
import { type Ending, endingOf, errorsOf } from '../campaign/evidence/ending.ts';
import { stoppedTrial } from '../campaign/evidence/stopping.ts';
import type { RecordedTrial, Verdict } from '../campaign/marker.ts';
import { type Experiment, measuredValues } from '../campaign/model.ts';
import { isBetter } from '../gate/better.ts';
import type { Contract } from '../protocol/contract.ts';
import { escapeMarkdown, fence } from '../text/markdown.ts';
import { auditSentence, NO_SANDBOX, ranBare, testSentence } from './audit.ts';
import { guardTable } from './guards.ts';
import {
  formatComparison,
  formatNoise,
  formatOdds,
  formatOneIn,
  formatShare,
  formatValue,
} from './number.ts';
import { reportedDetails } from './reported.ts';
import { type Strip, stripPlot } from './strip.ts';
import { repeatsSentence, scoreTable, trialTable } from './tables.ts';

/** A verdict with everything it rests on. */
export interface Judged {
  contract: Contract;
  experiment: Pick<Experiment, 'state' | 'marker'>;
  verdict: Verdict;
  /** All of the experiment's trials. */
  trials: readonly RecordedTrial[];
  /** The champion's trials that it was compared with; empty if it was not. */
  champion: readonly RecordedTrial[];
}

/** The comment with the verdict. */
export function verdictComment(judged: Judged): string {
  const { contract, verdict, trials } = judged;
  const ending = endingOf(verdict, trials, contract.metric.goal);
  return joined([
    headline(judged, ending),
    SHOWS_ODDS.has(ending) ? oddsSentence(judged, ending) : '',
    advice(judged, ending),
    ...evidence(judged),
    ...crashOutput(trials),
    auditDetails(judged),
    verdict.doubt === null ? '' : details('How this was decided', judgement(judged)),
    lastReported(trials),
    trials.some(ranBare) ? `<sub>${NO_SANDBOX}</sub>` : '',
  ]);
}

/** The comment on an experiment whose verdict is left to people. */
export function heldComment(judged: Judged): string {
  const { verdict, trials } = judged;
  return joined([
    `✋ **Held for review:** ${numbers(judged)}. ${escapeMarkdown(verdict.reason)}`,
    oddsSentence(judged, 'flagged'),
    'A result like this is more often a measurement error than a discovery. Check how this change achieves its score, then comment `/research keep` to merge it, `/research discard` to close it, or `/research rerun` for another trial. Meanwhile the campaign continues with other ideas.',
    ...evidence(judged),
    details('How this was decided', judgement(judged)),
    lastReported(trials),
  ]);
}

function headline(judged: Judged, ending: Ending): string {
  const { verdict, trials, experiment } = judged;
  const { parts } = experiment.marker;
  const score = numbers(judged);
  const reason = escapeMarkdown(verdict.reason);
  const what = parts.length > 0 ? ` a stack of ${parts.length}` : '';
  const soFar = score === '' ? '' : ` Measured so far: ${score}.`;
  switch (ending) {
    case 'improvement':
      return `✅ **Merging${what}:** ${score}.${championNow(judged)}`;
    case 'simplification':
      return `✅ **Merging as a simplification:** ${score}. ${reason}`;
    case 'kept':
      return `✅ **Merging on request:** ${score}. ${reason}`;
    case 'guard':
      return `🛑 **Not merged:** ${reason} ${score}.`;
    case 'near miss':
      return isEven(judged)
        ? `🟡 **Near miss, not merged:** ${score} to the last digit shown, so not proven.`
        : `🟡 **Near miss, not merged:** ${score}, ${notProven(judged)}`;
    case 'too close':
      return isEven(judged)
        ? `❌ **No difference, not merged:** ${score}.`
        : `❌ **Too close to tell, not merged:** ${score}, which is less than the trials can tell apart.`;
    case 'worse':
      return `❌ **Worse, not merged:** ${score}.`;
    case 'stopped early':
      return `✂️ **Stopped early${stoppedAt(judged)}, not merged:** projected ${score}, ${whyStopped(judged)}`;
    case 'crash':
      return `💥 **Crashed** ${crashText(trials) ?? reason}`;
    case 'flagged':
      return `🚩 **Flagged:** ${reason}`;
    case 'unmeasured':
      return `⚠️ **Could not be measured:** ${reason}${soFar}`;
    case 'superseded':
      return `⏹ **Superseded:** ${reason}${soFar}`;
    case 'not judged':
      return `⏹ **Not judged:** ${reason}${soFar}`;
    case 'by a person':
      return `⏹ **No verdict:** ${reason}${soFar}`;
  }
}

/** The candidate's score and how it compares with the champion's; empty if nothing was measured. */
function numbers({ contract: { metric }, verdict: { value, championValue } }: Judged): string {
  if (value === null) return '';
  const score = `${metric.name} **${formatValue(value)}**`;
  if (championValue === null) return score;
  return `${score}, ${formatComparison(value, championValue, metric.goal)} the champion (${formatValue(championValue)})`;
}

/** Why an idea is merged although the champion's own trials scored no worse. */
function championNow({ contract, verdict: { value, championValue } }: Judged): string {
  if (value === null || championValue === null) return '';
  if (isBetter(value, championValue, contract.metric.goal)) return '';
  return " The champion's own trials were lucky, or its score has drifted: by all trials since, it is worse than they say.";
}

/** Whether the two scores look the same. */
function isEven({ contract: { metric }, verdict: { value, championValue } }: Judged): boolean {
  if (value === null || championValue === null) return false;
  return formatComparison(value, championValue, metric.goal) === 'equal to';
}

/** Why an idea that scored better was not merged. */
function notProven({ contract, verdict }: Judged): string {
  if (contract.gate.rule === 'greedy')
    return "but not better than the champion's first trial, which `gate.rule: greedy` compares with.";
  const noise = verdict.noise === null ? '' : ` (sd ${formatNoise(verdict.noise)})`;
  return `but not proven: a difference this large happens by chance between runs of the same code${noise}.`;
}

function stoppedAt({ trials }: Judged): string {
  const outcome = stoppedTrial(trials)?.outcome;
  return outcome?.status === 'stopped' ? ` at ${Math.round(100 * outcome.at)}%` : '';
}

function whyStopped({ contract: { metric }, verdict }: Judged): string {
  const { value, championValue } = verdict;
  const looksBetter = value !== null && championValue !== null && isBetter(value, championValue, metric.goal);
  return looksBetter
    ? 'but projections are so uncertain here that it would have to look better still to be worth the rest of its trial.'
    : 'too far behind to be worth the rest of its trial.';
}

/** `(exception): RuntimeError: …` of the trial that crashed; null if none of these did. */
function crashText(trials: readonly RecordedTrial[]): string | null {
  const outcome = trials.findLast(trial => trial.outcome.status === 'crash')?.outcome;
  return outcome?.status === 'crash' ? `(${outcome.reason}): ${escapeMarkdown(outcome.message)}` : null;
}

/** Endings that a probability explains. */
const SHOWS_ODDS: ReadonlySet<Ending> = new Set(['improvement', 'kept', 'near miss', 'too close']);

/** How sure the gate is of a gain, and how sure it was before the first trial; empty where it was not asked. */
function oddsSentence({ contract, experiment, verdict: { doubt, prior } }: Judged, ending: Ending): string {
  if (doubt === null || contract.gate.rule === 'greedy') return '';
  const about = (probability: number) => {
    const odds = formatOdds(probability);
    return /^(over|under)/.test(odds) ? odds : `about ${odds}`;
  };
  const isStack = experiment.marker.parts.length > 0;
  const before =
    prior === undefined
      ? ''
      : ` Before its first trial they were ${about(prior)}${isStack ? ', from the scores of its parts' : `: ${formatOneIn(prior)}`}.`;
  const needed = ending === 'near miss' ? ' Merging takes better odds or a larger gain.' : '';
  return `**Odds of a real gain:** ${about(1 - doubt)}.${before}${needed}`;
}

function advice({ experiment: { marker, state }, trials }: Judged, ending: Ending): string {
  const parts = marker.parts.map(pull => `#${pull}`).join(', ');
  const again = 'To measure it again, comment `/research rerun` here.';
  switch (ending) {
    case 'improvement':
    case 'simplification':
    case 'kept':
      return `No action needed. Once merged, this is the champion that later ideas are measured against.${parts === '' ? '' : ` Its parts (${parts}) are labelled \`research:stacked\`.`}`;
    case 'guard':
      return 'No action needed. Later ideas will take this result into account. To merge it all the same, comment `/research rerun` here, and `/research keep` on the new pull request.';
    case 'near miss':
      return parts === ''
        ? `No action needed. Near misses are kept, and tried together when they may add up to a gain. ${again}`
        : `No action needed. Its parts (${parts}) are not stacked again by themselves. ${again}`;
    case 'too close':
    case 'worse':
    case 'stopped early':
      return parts === ''
        ? `No action needed. Later ideas will take this result into account. ${again}`
        : `No action needed. Its parts (${parts}) are not stacked again by themselves. ${again}`;
    case 'crash': {
      const shown = crashOutput(trials).length > 0 ? ' The agent is shown the end of the output below.' : '';
      return `No action needed. A crash counts against the idea, not against the campaign.${shown}`;
    }
    case 'flagged':
      return `Please check how this change achieves its score. The campaign is paused until someone comments \`/research resume\` on #${marker.campaign}.`;
    default:
      return state === 'merged'
        ? 'No action needed. The new champion is measured before anything else is judged, unless it already was.'
        : 'To try it again, comment `/research rerun` here.';
  }
}

/** The plot of the two sets of trials, the two means, and the trials one by one. */
function evidence(judged: Judged): string[] {
  const { contract, verdict, trials, champion } = judged;
  const counts = [
    `${trials.length} of this idea`,
    ...(champion.length > 0 ? [`${champion.length} of the champion`] : []),
  ];
  return [
    plot(judged),
    scoreTable(contract, verdict, trials),
    guardTable(contract, verdict),
    repeatsSentence(trials),
    ...trials.flatMap(trial => disturbance(trial, trials) ?? []),
    trials.length === 0
      ? ''
      : details(`Trials: ${counts.join(', ')}`, trialTable(contract, trials, champion)),
  ];
}

/** Empty unless two means were compared. */
function plot({ contract: { metric }, verdict, trials, champion }: Judged): string {
  const { value, championValue, compared } = verdict;
  const own = trials.filter(({ trial }) => compared?.candidate.includes(trial));
  if (value === null || championValue === null || own.length === 0 || champion.length === 0) return '';
  const errors = errorsOf(verdict, trials);
  const strips: Strip[] = [
    { label: 'this idea', values: measuredValues(own), mean: value, error: errors.candidate },
    { label: 'champion', values: measuredValues(champion), mean: championValue, error: errors.champion },
  ];
  const side = metric.goal === 'minimize' ? 'left' : 'right';
  const bars = errors.candidate === null ? '┼ is the mean' : '├┼┤ is the mean ± its standard error';
  return `${fence(stripPlot(strips), 'text')}\n\n<sub>o is a trial; ${bars}. Better is to the ${side}.</sub>`;
}

function crashOutput(trials: readonly RecordedTrial[]): string[] {
  return trials.flatMap(({ trial, outcome }) =>
    outcome.status === 'crash' && outcome.traceback !== ''
      ? [details(`End of the output of trial ${trial}`, fence(outcome.traceback.trimEnd(), 'text'))]
      : [],
  );
}

function auditDetails({ contract, verdict, trials }: Judged): string {
  const audits = trials.flatMap(trial => {
    const sentence = auditSentence(trial);
    return sentence === '' ? [] : [`- ${trial.trial}: ${sentence}`];
  });
  const tested = verdict.kind === 'merge' ? testSentence(contract, trials) : '';
  return audits.length > 0 ? details('Audit', [...audits, '', tested].join('\n').trim()) : '';
}

/** Of the last trial that measured something. */
function lastReported(trials: readonly RecordedTrial[]): string {
  const last = trials.findLast(({ outcome }) => outcome.status === 'measured');
  return last === undefined ? '' : reportedDetails(last);
}

function judgement({ contract: { metric, gate }, verdict }: Judged): string {
  const direction = `${metric.goal === 'minimize' ? 'Lower' : 'Higher'} is better.`;
  const reason = escapeMarkdown(verdict.reason);
  if (gate.rule === 'greedy')
    return `${reason} The contract says \`gate.rule: greedy\`: a single trial decides, and every score better than the champion's is merged. ${direction}`;
  const noise = verdict.noise ?? 0;
  return [
    reason,
    `Trials of the same code vary with a standard deviation of about ${formatNoise(noise)} ${metric.name}, ${gate.noise === null ? 'learned from all trials so far' : 'from `gate.noise` and all trials so far'}.`,
    `A real gain is at least a fifth of that (${formatNoise(noise / 5)}). The probability that this idea has none is ${formatShare(verdict.doubt ?? 1)}, from its trials, the champion's, and how many ideas helped so far.`,
    `About ${formatShare(gate.false_merges)} of all merges may be without one (\`gate.false_merges\`).`,
    direction,
  ].join(' ');
}

function details(summary: string, content: string): string {
  return `<details><summary>${summary}</summary>\n\n${content}\n\n</details>`;
}

function joined(parts: readonly string[]): string {
  return parts.filter(part => part !== '').join('\n\n');
}
