/** The summary on the page of the workflow run. */
import { markdownTable } from 'markdown-table';
import type { Measurement } from '../protocol/measurement.ts';
import { auditSentence } from '../render/audit.ts';
import { reportedDetails } from '../render/reported.ts';
import { escapeMarkdown, fence } from '../text/markdown.ts';

/** A measurement as Markdown: the outcome, then the numbers, then the audit or the traceback. */
export function renderSummary(measurement: Measurement): string {
  const { outcome } = measurement;
  const parts = [`## ${headline(measurement)}`, table(measurement), auditSentence(measurement)];
  if (outcome.status === 'crash' && outcome.traceback !== '')
    parts.push(fence(outcome.traceback.trimEnd(), 'text'));
  parts.push(reportedDetails(measurement));
  return `${parts.filter(part => part !== '').join('\n\n')}\n`;
}

function headline({ trial, outcome }: Measurement): string {
  if (outcome.status === 'measured') return `Measured ${outcome.value} (trial ${trial})`;
  if (outcome.status === 'stopped')
    return `Stopped early at ${Math.round(100 * outcome.at)}%, projected ${outcome.value} (trial ${trial})`;
  if (outcome.status === 'crash') return `Crashed: ${outcome.reason} (trial ${trial})`;
  return `Machine error, nothing was measured (trial ${trial})`;
}

function table(measurement: Measurement): string {
  const { outcome } = measurement;
  const rows: string[][] = [];
  if ('message' in outcome) rows.push(['message', escapeMarkdown(outcome.message)]);
  rows.push(
    ['base', measurement.base],
    ['candidate', measurement.candidate],
    ['seed', String(measurement.seed)],
    ['training', `${measurement.trainingSeconds.toFixed(1)} s of ${measurement.budgetSeconds} s`],
    ['total', `${measurement.totalSeconds.toFixed(1)} s`],
    ['peak memory', `${measurement.peakMemoryMb.toFixed(0)} MB`],
    ['machine', escapeMarkdown(measurement.machine || 'unknown')],
    ['digest', measurement.digest || 'unknown'],
    ['sandbox', measurement.sandbox],
  );
  return markdownTable([['', ''], ...rows]);
}
