/** Finds what exists twice because two instances of the App ran at once, or because a list lagged behind. One of the two is removed. */

import { campaignStateSchema } from '../../campaign/marker.ts';
import type { Campaign, Duplicate } from '../../campaign/model.ts';
import { denialIn } from '../denials.ts';
import { readMarker } from '../marker.ts';
import type { Comment, WorkflowRun } from '../port.ts';
import { noticeKey, replyKey } from '../replies.ts';

/**
 * Superfluous comments of the App. Of two status comments the first one counts, of two answers or notices the last one.
 * @param comments recently edited ones, in any order
 */
export function duplicateComments(
  comments: readonly Comment[],
  campaigns: readonly Campaign[],
  botLogin: string,
): Duplicate[] {
  const own = comments.filter(({ author }) => author === botLogin);
  const counting = new Map(campaigns.map(({ issue, comment }) => [issue, comment?.id]));
  const statuses = own.filter(({ id, issue, body }) => {
    const first = counting.get(issue);
    return first !== undefined && first < id && readMarker('campaign', body, campaignStateSchema) !== null;
  });
  const subjects = own.map(subjectOf);
  const last = new Map<string, number>();
  for (const [i, { id }] of own.entries()) {
    const subject = subjects[i] ?? null;
    if (subject !== null) last.set(subject, Math.max(id, last.get(subject) ?? id));
  }
  const repeated = own.filter(({ id }, i) => id < (last.get(subjects[i] ?? '') ?? id));
  return [...statuses, ...repeated].map(({ id }) => ({ kind: 'comment', id }));
}

/** The command that an answer is for, or the notice that a comment posts; null for other comments. */
function subjectOf({ issue, body }: Pick<Comment, 'issue' | 'body'>): string | null {
  const [answered, notice, denial] = [replyKey(body), noticeKey(body), denialIn(body)];
  if (answered !== null) return `answer to ${answered}`;
  if (denial !== null) return `denial on ${issue} up to ${denial.until}`;
  return notice === null ? null : `notice on ${issue}: ${notice}`;
}

/**
 * Superfluous runs in flight: those that measure the same as an earlier run, and unwanted ones.
 * @param runs the App's own, oldest first
 */
export function duplicateRuns(
  runs: readonly WorkflowRun[],
  unwanted: readonly WorkflowRun[] = [],
): Duplicate[] {
  return runs
    .filter((run, i) => {
      const first = runs.findIndex(({ title, headSha }) => title === run.title && headSha === run.headSha);
      return (first < i || unwanted.includes(run)) && run.status !== 'completed';
    })
    .map(({ id }) => ({ kind: 'run', id }));
}
