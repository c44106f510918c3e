/** What two Apps at once, or one that lists told of too late, made twice; one of the two is taken back. */

import { campaignStateSchema } from '../../campaign/marker.ts';
import type { Campaign, Duplicate } from '../../campaign/model.ts';
import { readMarker } from '../marker.ts';
import type { Comment, WorkflowRun } from '../port.ts';
import { noticeKey, replyKey } from '../replies.ts';

/**
 * The App's comments that are there twice. Of two status comments the first counts; of two answers or notices the one that was written last
 * says what holds.
 * @param comments those edited lately, in any order
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
  const said = own.filter(({ id, ...comment }) => {
    const what = sentenceOf(comment);
    return what !== null && own.some(other => other.id > id && sentenceOf(other) === what);
  });
  return [...statuses, ...said].map(({ id }) => ({ kind: 'comment', id }));
}

/** What an answer or a notice is about; null for other comments. */
function sentenceOf({ issue, body }: Pick<Comment, 'issue' | 'body'>): string | null {
  const [answered, notice] = [replyKey(body), noticeKey(body)];
  if (answered !== null) return `answer to ${answered}`;
  return notice === null ? null : `notice on ${issue}: ${notice}`;
}

/**
 * The App's runs in flight that measure again what an earlier one measures, or what nobody asks for any more.
 * @param runs the App's own, oldest first
 * @param unwanted those among them whose name was given once more
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
