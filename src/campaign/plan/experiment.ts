/** One experiment's next step: wait for its trial, judge it, take one more trial, or make it again on a new champion. */

import type { Action, Work } from '../action.ts';
import type { Experiment, Snapshot } from '../model.ts';
import { waitsForPeople } from '../people.ts';
import { paused } from '../phase.ts';
import { conclude } from './conclude.ts';
import { waitForAttempt } from './dispatch.ts';
import { concludeFailure } from './failure.ts';
import { judge } from './judge.ts';
import { obeyCommands } from './keep.ts';
import { reviseExperiment } from './revision.ts';
import { type Subject, subjectOf } from './subject.ts';

/** One experiment's next step: `wait` while it is being measured, null while it is held. The first rule that applies wins. */
export function advanceExperiment(
  snapshot: Snapshot,
  work: Work,
  experiment: Experiment,
  now: Date,
): Action | null {
  const subject = subjectOf(snapshot, work, experiment, now);
  const settled =
    restoreIntegrity(subject) ??
    waitForAttempt(snapshot, work, experiment, now) ??
    reviseExperiment(subject) ??
    concludeFailure(subject);
  if (settled) return settled;
  return waitsForPeople(experiment) ? null : (obeyCommands(subject) ?? judge(subject));
}

/** Only what was proposed is measured and merged, and only into the base that the campaign works on. */
function restoreIntegrity({ snapshot, work: { campaign }, experiment, trials }: Subject): Action | null {
  const { marker, headSha, base, pull } = experiment;
  if (base !== snapshot.base.branch) {
    const reason = `It was made for branch ${base}, but the campaign now works on ${snapshot.base.branch}.`;
    return conclude(experiment, trials, 'superseded', reason);
  }
  if (headSha !== marker.commit && headSha === marker.previous) return { kind: 'move', experiment };
  if (headSha !== marker.commit) {
    const reason = `Someone pushed to #${pull}, so its code is not what was proposed. Restore commit ${marker.commit.slice(0, 7)} or close the pull request, then comment \`/research resume\`.`;
    return { kind: 'phase', campaign, ...paused(reason) };
  }
  return experiment.labelled ? null : { kind: 'label', experiment };
}
