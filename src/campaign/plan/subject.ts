/** An open experiment, and what its next step depends on. */
import type { Work } from '../action.ts';
import { isCrashed } from '../evidence/doubt.ts';
import type { RecordedTrial } from '../marker.ts';
import type { Experiment, Snapshot } from '../model.ts';
import { experimentsOf, trialsOf } from '../queries.ts';

export interface Subject {
  snapshot: Snapshot;
  work: Work;
  experiment: Experiment;
  /** Its completed trials. */
  trials: RecordedTrial[];
  /** Whether the champion has changed since the candidate was made. */
  moved: boolean;
  now: Date;
}

export function subjectOf(snapshot: Snapshot, work: Work, experiment: Experiment, now: Date): Subject {
  const trials = trialsOf(snapshot, experiment);
  const moved = experiment.marker.champion.sha !== snapshot.base.sha;
  return { snapshot, work, experiment, trials, moved, now };
}

/** Whether its crashes count as the candidate's own. */
export function hasCrashed({ snapshot, work: { campaign }, experiment, trials }: Subject): boolean {
  return isCrashed(experiment, trials, campaign.state, experimentsOf(snapshot, campaign));
}
