import { MAX_FAULTS, type RecordedTrial } from '../campaign/marker.ts';
import { isBetter } from '../gate/better.ts';
import type { Contract } from '../protocol/contract.ts';
import { escapeMarkdown, fence, quote } from '../text/markdown.ts';
import { auditSentence, NO_SANDBOX, ranBare } from './audit.ts';
import { formatComparison, formatNoise, formatProjection, formatSeconds, formatValue } from './number.ts';
import { reportedDetails } from './reported.ts';

/** Less is not worth mentioning. */
const SHOWN_CORES = 0.5;

export interface CheckText {
  title: string;
  summary: string;
  text: string;
}

/** While the trial is queued or running. `runs` is the address of the list of workflow runs, where each run is named after its trial. */
export function startedCheck(trial: string, budgetSeconds: number, runs: string): CheckText {
  return {
    title: 'Running',
    summary: `Training for ${formatSeconds(budgetSeconds)}. Follow its progress in the log of [the workflow run named ${trial}](${runs}).`,
    text: '',
  };
}

/** The experiment or campaign ended before the trial did. */
export function abandonedCheck(trial: string): CheckText {
  return {
    title: 'Cancelled',
    summary: `Trial ${trial} was cancelled because its experiment or campaign ended first.`,
    text: '',
  };
}

/** The trial was started twice, or it got lost and its result is no longer needed. */
export function spareCheck(trial: string): CheckText {
  return {
    title: 'Not needed',
    summary: `The result of this run of trial ${trial} is no longer needed.`,
    text: '',
  };
}

/** A green tick is for the champion and for what scored better than it; a trial that lost has none. */
export function checkConclusion(
  { metric }: Contract,
  { outcome }: RecordedTrial,
  isChampion: boolean,
  champion: number | null,
): 'success' | 'failure' | 'neutral' {
  if (outcome.status === 'crash') return 'failure';
  if (outcome.status !== 'measured') return 'neutral';
  const hasWon = champion !== null && isBetter(outcome.value, champion, metric.goal);
  return isChampion || hasWon ? 'success' : 'neutral';
}

/**
 * After the trial.
 * @param champion the champion's mean, which an experiment's score is compared with; null if there is none
 * @param marker the hidden part, which holds the numbers for the App
 */
export function completedCheck(
  contract: Contract,
  trial: RecordedTrial,
  champion: number | null,
  marker: string,
): CheckText {
  const { outcome } = trial;
  const bare = ranBare(trial) ? ` ${NO_SANDBOX}` : '';
  const training = trial.trainingSeconds > 0 ? `${formatSeconds(trial.trainingSeconds)} of training, ` : '';
  const times = `${training}${formatSeconds(trial.totalSeconds)} in total, on ${escapeMarkdown(trial.machine, 100)}.${loadText(trial)}${bare}`;
  switch (outcome.status) {
    case 'measured':
      return {
        title: `${contract.metric.name} ${formatValue(outcome.value)}`,
        summary: [
          comparison(contract, outcome.value, champion),
          guardedText(trial),
          times,
          auditSentence(trial),
          reportedDetails(trial),
        ]
          .filter(text => text !== '')
          .join('\n\n'),
        text: marker,
      };
    case 'stopped': {
      const projection = `${contract.metric.name} ${formatProjection(outcome.value)}`;
      return {
        title: `Stopped early at ${Math.round(100 * outcome.at)}%`,
        summary: `Projected ${projection}, too far behind the champion to be worth the rest of the trial. The projection comes from the candidate's own learning curve; it can end a trial but never lead to a merge.\n\n${times}`,
        text: marker,
      };
    }
    case 'crash':
      return {
        title: `Crashed: ${outcome.reason}`,
        summary: `${escapeMarkdown(outcome.message)}\n\n${times}`,
        text: `${outcome.traceback === '' ? '' : fence(outcome.traceback.trimEnd(), 'text')}\n\n${marker}`,
      };
    case 'fault':
      return {
        title: 'Machine error',
        summary: `${escapeMarkdown(outcome.message)}\n\nThis is not the candidate's fault. A trial is attempted up to ${MAX_FAULTS} times. A run whose runner was stopped counts half.`,
        text: marker,
      };
  }
}

/** The numbers that the contract guards; empty without any. Their limits are judged over all trials. */
function guardedText({ numbers }: RecordedTrial): string {
  const all = Object.entries(numbers).map(
    ([name, value]) => `${quote(name)} ${value === null ? 'was not reported' : formatValue(value)}`,
  );
  return all.length === 0 ? '' : `Guarded: ${all.join(', ')}.`;
}

/** Steps as the candidate reported them, and what other programs took of the machine. */
function loadText({ reported, conditions, trainingSeconds }: RecordedTrial): string {
  const { num_steps: steps } = reported;
  const pace =
    steps !== undefined && steps > 0 && trainingSeconds > 0
      ? ` ${steps} steps of ${formatNoise(trainingSeconds / steps)} s.`
      : '';
  if (conditions?.othersCores == null || conditions.othersCores < SHOWN_CORES) return pace;
  return `${pace} Other programs took ${conditions.othersCores.toFixed(1)} of ${conditions.cores} cores meanwhile.`;
}

function comparison({ metric }: Contract, value: number, champion: number | null): string {
  if (champion === null) return '';
  const direction = metric.goal === 'minimize' ? 'Lower' : 'Higher';
  return `${formatComparison(value, champion, metric.goal)} the champion's mean (${formatValue(champion)}). ${direction} is better. The verdict on the pull request weighs all trials.`;
}
