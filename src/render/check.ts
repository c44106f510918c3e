import type { RecordedTrial } from '../campaign/marker.ts';
import type { Contract } from '../protocol/contract.ts';
import { escapeMarkdown, fence } from '../text/markdown.ts';
import { auditSentence, NO_SANDBOX, ranBare } from './audit.ts';
import { formatSeconds, formatValue } from './number.ts';

export interface CheckText {
  title: string;
  summary: string;
  text: string;
}

/** While the trial is dispatched and runs. `runs`: address of the list of workflow runs, whose newest carry the trials' names. */
export function startedCheck(trial: string, budgetSeconds: number, runs: string): CheckText {
  return {
    title: 'Measuring',
    summary: `Trial ${trial}: ${formatSeconds(budgetSeconds)} of training. The log of [the run of that name](${runs}) shows its progress.`,
    text: '',
  };
}

/** Its experiment or campaign ended before the trial did. */
export function abandonedCheck(trial: string): CheckText {
  return {
    title: 'Given up',
    summary: `Trial ${trial} was cancelled: nobody waits for its result any more.`,
    text: '',
  };
}

/** The trial was begun twice, or got lost on the way and is not needed any more. */
export function spareCheck(trial: string): CheckText {
  return { title: 'Given up', summary: `Nobody waits for this run of trial ${trial} any more.`, text: '' };
}

/** After the trial; `marker` holds the numbers for the App itself. */
export function completedCheck(contract: Contract, trial: RecordedTrial, marker: string): CheckText {
  const { outcome } = trial;
  const bare = ranBare(trial) ? ` ${NO_SANDBOX}` : '';
  const training = trial.trainingSeconds > 0 ? `${formatSeconds(trial.trainingSeconds)} of training, ` : '';
  const times = `${training}${formatSeconds(trial.totalSeconds)} in all, on ${escapeMarkdown(trial.machine, 100)}.${bare}`;
  switch (outcome.status) {
    case 'measured':
      return {
        title: `${contract.metric.name} ${formatValue(outcome.value)}`,
        summary: [times, auditSentence(trial)].filter(text => text !== '').join('\n\n'),
        text: marker,
      };
    case 'stopped': {
      const share = `${Math.round(100 * outcome.at)} %`;
      const preview = `${contract.metric.name} ${formatValue(outcome.value)}`;
      return {
        title: `Stopped at ${share}`,
        summary: `The preview, ${preview}, left no hope that the rest of the trial was worth its time. A preview comes from the candidate's own learning curve and decides nothing else.\n\n${times}`,
        text: marker,
      };
    }
    case 'crash':
      return {
        title: `Crash: ${outcome.reason}`,
        summary: `${escapeMarkdown(outcome.message)}\n\n${times}`,
        text: `${outcome.traceback === '' ? '' : fence(outcome.traceback.trimEnd(), 'text')}\n\n${marker}`,
      };
    case 'fault':
      return {
        title: 'The machine failed',
        summary: `${escapeMarkdown(outcome.message)}\n\nThis says nothing about the candidate; the trial is repeated.`,
        text: marker,
      };
  }
}
