/** Nothing is said twice: one answer per command, one notice per key, one status comment per campaign. */

import type { Comment } from '../../github/port.ts';
import { noticeKey, replyKey } from '../../github/replies.ts';
import { stateOf } from './read.ts';
import type { Rule, Rules } from './watch.ts';

export function watchComments({ sim, model, allowed }: Rules): Rule {
  return change => {
    if (change.table !== 'comments' || change.before || change.actor !== model.botLogin) return;
    const comment = change.after;
    const what = comment && subjectOf(comment);
    if (!what) return;
    const same = model.comments.values().filter(other => subjectOf(other) === what);
    if (same.length > allowed(1)) sim.violate(`It was said ${same.length} times: ${what}.`);
  };

  function subjectOf(comment: Comment): string | null {
    if (comment.author !== model.botLogin) return null;
    const [answered, notice] = [replyKey(comment.body), noticeKey(comment.body)];
    if (answered !== null) return `the answer to comment ${answered}`;
    if (notice !== null) return `notice "${notice}" on #${comment.issue}`;
    return stateOf(comment) ? `status of #${comment.issue}` : null;
  }
}
