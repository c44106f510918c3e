/** Starts trials: picks their names and seeds, and dispatches again those that got lost. */

import type { Action, Work } from '../action.ts';
import { budgetOf, nextTrial, trialsOfTree } from '../evidence/evidence.ts';
import type { RecordedTrial } from '../marker.ts';
import { type Attempt, type Campaign, type Experiment, measuredValues, type Snapshot } from '../model.ts';
import { attemptsOf, trialsOf } from '../queries.ts';
import { secondsSince } from '../time.ts';
import { trialId, trialParts } from '../trial-id.ts';

/** A dispatch is lost if its run does not appear in the list of runs for this long. */
const DISPATCH_LOST_SECONDS = 120;
/** When to look again while a trial is in flight, if no webhook comes earlier. */
export const LOOK_AGAIN_SECONDS = 30;

/** Whether a trial was started but its run never appeared. */
export function isLost({ run, check }: Attempt, now: Date): boolean {
  return run === null && secondsSince(check?.startedAt ?? '', now) >= DISPATCH_LOST_SECONDS;
}

/** How many of a campaign's trials take up a runner. */
export function runningTrials({ attempts }: Snapshot, { issue }: Campaign, now: Date): number {
  return [...attempts.values()].filter(
    attempt =>
      trialParts(attempt.trial).issue === issue && !attempt.check?.measurement && !isLost(attempt, now),
  ).length;
}

/** Waits for trials in flight, or dispatches a lost one again; null if nothing is in flight. */
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

/** @param index of the seed; by default the next one that the tree has not run on */
export function dispatch(
  snapshot: Snapshot,
  work: Work,
  experiment: Experiment | null,
  recorded: RecordedTrial[],
  index?: number,
): Action {
  const { campaign } = work;
  const number = experiment?.marker.number ?? 0;
  const all = [...recorded, ...(experiment ? [] : campaign.state.baselines)];
  const subject = experiment?.marker ?? { campaign: campaign.issue, number, staleTrials: 0 };
  const trial = trialId(campaign.issue, number, nextTrial(snapshot, subject, all));
  return dispatchAs(trial, snapshot, work, experiment, index);
}

function dispatchAs(
  trial: string,
  snapshot: Snapshot,
  work: Work,
  experiment: Experiment | null,
  index = nextSeed(snapshot, work, experiment, trial),
): Action {
  return { kind: 'dispatch', ...work, experiment, trial, seedIndex: index };
}

/** The k-th trial of a tree at this budget runs on the k-th seed of the campaign, counting trials that were measured or are in flight. */
function nextSeed(
  snapshot: Snapshot,
  { campaign, contract }: Work,
  experiment: Experiment | null,
  trial: string,
): number {
  const trials = experiment ? trialsOf(snapshot, experiment) : trialsOfTree(snapshot, snapshot.base.tree);
  const budget = budgetOf(contract, campaign);
  const { k } = trialParts(trial);
  const running = attemptsOf(snapshot, campaign.issue, experiment?.marker.number ?? 0).filter(
    attempt => !attempt.check?.measurement && trialParts(attempt.trial).k < k,
  );
  return measuredValues(trials.filter(each => each.budgetSeconds === budget)).length + running.length;
}
