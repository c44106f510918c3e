/** One experiment's next step: wait for its trial, judge it, take one more trial, or make it again on a new champion. */

import type { Action, Work } from '../action.ts';
import type { Experiment, Snapshot } from '../model.ts';
import { waitsForPeople } from '../people.ts';
import { paused } from '../phase.ts';
import { conclude } from './conclude.ts';
import { waitForAttempt } from './dispatch.ts';
import { concludeFailure } from './failure.ts';
import { judge } from './judge.ts';
import { obeyPeople } from './keep.ts';
import { reviseExperiment } from './revision.ts';
import { type Subject, subjectOf } from './subject.ts';

/** One experiment's next step: `wait` while a trial of it is in flight, null while it waits for people. The first rule that applies wins. */
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
  return waitsForPeople(experiment) ? null : (obeyPeople(subject) ?? judge(subject));
}

/** What is measured and merged has to be what was proposed, for the base that the campaign works on. */
function restoreIntegrity({ snapshot, work: { campaign }, experiment, trials }: Subject): Action | null {
  const { marker, headSha, base, pull } = experiment;
  if (base !== snapshot.base.branch) {
    const reason = `It was made for the branch ${base}, and the campaign is now about ${snapshot.base.branch}.`;
    return conclude(experiment, trials, 'superseded', reason);
  }
  if (headSha !== marker.commit && headSha === marker.previous) return { kind: 'move', experiment };
  if (headSha !== marker.commit) {
    const reason = `Someone pushed to #${pull}; what it holds now is not what was proposed. Close it or put ${marker.commit.slice(0, 7)} back, then comment \`/research resume\`.`;
    return { kind: 'phase', campaign, ...paused(reason) };
  }
  return experiment.labelled ? null : { kind: 'label', experiment };
}
