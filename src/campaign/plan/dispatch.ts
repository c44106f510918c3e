/** Starting trials: under which name, on which seed, and again where one got lost on the way. */
import type { Action, Work } from '../action.ts';
import { nextTrial, trialsOfTree } from '../evidence/evidence.ts';
import { BASELINE_TRIALS, type RecordedTrial } from '../marker.ts';
import {
  type Attempt,
  type Campaign,
  type Experiment,
  measuredValues,
  type Snapshot,
  trialId,
} from '../model.ts';
import { attemptsOf, secondsSince, trialParts, trialsOf } from '../queries.ts';

/** A dispatch whose run does not show up in the list of runs for this long is taken for lost. */
const DISPATCH_LOST_SECONDS = 120;
/** How soon to look again while a trial is in flight, where no webhook says so earlier. */
export const LOOK_AGAIN_SECONDS = 30;

/** Whether a trial was begun whose run does not show up. */
export function isLost({ run, check }: Attempt, now: Date): boolean {
  return run === null && secondsSince(check?.startedAt ?? '', now) >= DISPATCH_LOST_SECONDS;
}

/** Null when nothing is in flight; otherwise to wait, or to dispatch again what was lost on the way. */
export function waitForAttempt(
  snapshot: Snapshot,
  work: Work,
  experiment: Experiment | null,
  now: Date,
): Action | null {
  const { campaign } = work;
  const number = experiment?.marker.number ?? 0;
  const pending = attemptsOf(snapshot, campaign.issue, number).filter(attempt => !attempt.check?.measurement);
  if (pending.length === 0) return null;
  const lost = pending.find(attempt => isLost(attempt, now));
  if (!lost) return { kind: 'wait', seconds: LOOK_AGAIN_SECONDS };
  return dispatchAs(lost.trial, snapshot, work, experiment);
}

export function dispatch(
  snapshot: Snapshot,
  work: Work,
  experiment: Experiment | null,
  recorded: RecordedTrial[],
): Action {
  const { campaign } = work;
  const number = experiment?.marker.number ?? 0;
  const all = [...recorded, ...(experiment ? [] : campaign.state.baselines)];
  const subject = experiment?.marker ?? { campaign: campaign.issue, number, staleTrials: 0 };
  const trial = trialId(campaign.issue, number, nextTrial(snapshot, subject, all));
  return dispatchAs(trial, snapshot, work, experiment);
}

function dispatchAs(trial: string, snapshot: Snapshot, work: Work, experiment: Experiment | null): Action {
  const index = seedIndex(snapshot, work.campaign, experiment, trial);
  return { kind: 'dispatch', ...work, experiment, trial, seedIndex: index };
}

/**
 * Trial k of every tree runs on seed k of the campaign; of those before it, the measured ones and those in flight count. An idea meets no
 * seed twice, which would say little new; the champion, where it is measured for another class of machine, goes through its first ones again.
 */
function seedIndex(
  snapshot: Snapshot,
  campaign: Campaign,
  experiment: Experiment | null,
  trial: string,
): number {
  const trials = experiment ? trialsOf(snapshot, experiment) : trialsOfTree(snapshot, snapshot.base.tree);
  const { k } = trialParts(trial);
  const running = attemptsOf(snapshot, campaign.issue, experiment?.marker.number ?? 0).filter(
    attempt => !attempt.check?.measurement && trialParts(attempt.trial).k < k,
  );
  const before = measuredValues(trials).length + running.length;
  return experiment ? before : before % BASELINE_TRIALS;
}
