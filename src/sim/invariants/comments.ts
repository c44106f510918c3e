/** Nothing is said twice: one answer per command, one notice per key, one status comment per campaign. */

import type { Comment } from '../../github/port.ts';
import { noticeKey, replyKey } from '../../github/replies.ts';
import type { Model } from '../model/state.ts';
import type { Sim } from '../sim.ts';
import { stateOf } from './read.ts';
import type { Rule, Rules } from './rule.ts';

export function watchComments({ sim, model }: Rules): Rule {
  // A list that lags may hide what was said a moment ago, and what is to be said of it may be something else by now.
  const most = 1 + Number(sim.profile.twoApps) + Number(sim.profile.stale > 0);
  return change => {
    if (change.table !== 'comments' || change.before || change.actor !== model.botLogin) return;
    const comment = change.after;
    const what = comment && subjectOf(model, comment);
    if (!what) return;
    const same = model.comments.values().filter(other => subjectOf(model, other) === what);
    if (same.length > most) sim.violate(`It was said ${same.length} times: ${what}.`);
  };
}

/** In the end nothing is there twice, whoever was killed or ran beside another. */
export function checkComments(sim: Sim): void {
  const { model } = sim;
  const said = model.comments.values().flatMap(comment => subjectOf(model, comment) ?? []);
  for (const what of new Set(said))
    if (said.filter(other => other === what).length > 1)
      sim.violate(`In the end it is there twice: ${what}.`);
}

function subjectOf({ botLogin }: Model, comment: Comment): string | null {
  if (comment.author !== botLogin) return null;
  const [answered, notice] = [replyKey(comment.body), noticeKey(comment.body)];
  if (answered !== null) return `the answer to comment ${answered}`;
  if (notice !== null) return `notice "${notice}" on #${comment.issue}`;
  return stateOf(comment) ? `status of #${comment.issue}` : null;
}
