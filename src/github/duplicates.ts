/** What two Apps at once, or one that was killed while lists lagged, made twice: the first of two counts, the later one is taken back. */
import { type Campaign, campaignStateSchema, type Duplicate } from '../campaign/model.ts';
import { duplicateCheck } from '../render/check.ts';
import { readMarker } from './marker.ts';
import type { Comment, GitHubPort, WorkflowRun } from './port.ts';
import { noticeKey, replyKey } from './replies.ts';

/** The App's comments that say again what an earlier one of theirs says. `comments`: those edited lately, in any order. */
export function duplicateComments(
  comments: readonly Comment[],
  campaigns: readonly Campaign[],
  botLogin: string,
): Duplicate[] {
  const first = new Map<string, number>();
  for (const { issue, comment } of campaigns) if (comment) first.set(`status of ${issue}`, comment.id);
  const own = comments.filter(({ author }) => author === botLogin).sort((a, b) => a.id - b.id);
  return own.flatMap(comment => {
    const subject = subjectOf(comment);
    if (subject === null) return [];
    const earlier = first.get(subject);
    if (earlier === undefined) first.set(subject, comment.id);
    return earlier !== undefined && earlier < comment.id
      ? [{ kind: 'comment' as const, id: comment.id }]
      : [];
  });
}

function subjectOf({ issue, body }: Comment): string | null {
  const [answered, notice] = [replyKey(body), noticeKey(body)];
  if (answered !== null) return `answer to ${answered}`;
  if (notice !== null) return `notice on ${issue}: ${notice}`;
  return readMarker('campaign', body, campaignStateSchema) ? `status of ${issue}` : null;
}

/** The App's runs that measure again what an earlier one measures. `runs`: the App's own, oldest first. */
export function duplicateRuns(runs: readonly WorkflowRun[]): Duplicate[] {
  return runs
    .filter((run, i) => {
      const first = runs.findIndex(({ title, headSha }) => title === run.title && headSha === run.headSha);
      return first < i && run.status !== 'completed';
    })
    .map(({ id }) => ({ kind: 'run', id }));
}

/** Takes one back. What is gone already is none any more. */
export async function tidy(port: GitHubPort, duplicate: Duplicate): Promise<void> {
  switch (duplicate.kind) {
    case 'comment':
      return port.deleteComment(duplicate.id);
    case 'run':
      return port.cancelRun(duplicate.id);
    case 'check':
      return port.completeCheck(duplicate.id, 'neutral', null, duplicateCheck(duplicate.trial));
  }
}
