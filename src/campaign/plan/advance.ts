/** The current campaign's next step: measure the champion, advance what is open, think of something new, or finish. */

import type { Action } from '../action.ts';
import { budgetOf, championIsMeasured } from '../evidence/evidence.ts';
import type { Snapshot } from '../model.ts';
import { ended } from '../phase.ts';
import { countExperiments, trialParts } from '../queries.ts';
import { targetOf } from './campaign-limits.ts';
import { measureChampion, suspectMachine } from './champion.ts';
import { isLost, LOOK_AGAIN_SECONDS, waitForAttempt } from './dispatch.ts';
import { advanceExperiment } from './experiment.ts';
import { openNext, thinkNext } from './ideas.ts';
import { pauseForCrashes, pauseForFailedProposals, pauseForFlagged, pauseForHeld } from './pauses.ts';
import { waitForRunner } from './queued-runs.ts';
import { type Turn, turnOf } from './turn.ts';

/** The current campaign's next step: judge, measure, or think of something new. Null where there is none. */
export function advance(snapshot: Snapshot, now: Date): Action | null {
  const turn = turnOf(snapshot, now);
  if (!turn) return null;
  const runner = waitForRunner(turn);
  if (runner) return runner;
  const suspicion = suspect(turn);
  const steps = stepsOf(turn, suspicion);
  return (
    steps.find(step => isPossible(turn, step)) ??
    suspicion ??
    (turn.limit === null ? thinkOrFinish(turn) : finishAtLimit(turn, turn.limit, steps)) ?? {
      kind: 'wait',
      seconds: LOOK_AGAIN_SECONDS,
    }
  );
}

/** What has to be found out before anything new is started; null where nothing is odd, or nothing new is to come. */
function suspect({ snapshot, work, now, limit }: Turn): Action | null {
  if (limit !== null) return null;
  return suspectMachine(snapshot, work, now) ?? pauseForCrashes(snapshot, work);
}

/** The steps of everything that is under way, in the order in which they are taken. */
function stepsOf(turn: Turn, suspicion: Action | null): Action[] {
  const { snapshot, work } = turn;
  const isMeasured = championIsMeasured(snapshot, budgetOf(work.contract, work.campaign));
  const steps = isMeasured ? experimentSteps(turn, suspicion) : [championStep(turn)];
  return steps.filter(step => step !== null);
}

function experimentSteps(turn: Turn, suspicion: Action | null): (Action | null)[] {
  const { snapshot, work, open, now } = turn;
  const steps = open.map(experiment => advanceExperiment(snapshot, work, experiment, now));
  return [...steps, suspicion ?? openNext(turn)];
}

function championStep({ snapshot, work, now, active, parallel, limit }: Turn): Action | null {
  // Nobody will be judged against it; what is in flight is still recorded.
  if (limit !== null && active === 0) return waitForAttempt(snapshot, work, null, now);
  return measureChampion(snapshot, work, parallel, now);
}

/** What a person decided beyond the gate, and what got lost on the way and made room for another, may come when every runner is taken. */
function isPossible({ snapshot, work, parallel, now }: Turn, step: Action): boolean {
  if (step.kind !== 'dispatch') return step.kind !== 'wait';
  const running = [...snapshot.attempts.values()].filter(
    attempt =>
      trialParts(attempt.trial).issue === work.campaign.issue &&
      !attempt.check?.measurement &&
      !isLost(attempt, now),
  );
  return running.length < parallel;
}

function thinkOrFinish(turn: Turn): Action | null {
  const { snapshot, work } = turn;
  const flagged = pauseForFlagged(snapshot, work.campaign);
  if (flagged) return flagged;
  const target = targetOf(work.contract, work.campaign.state);
  if (countExperiments(snapshot, work.campaign) >= target) return finishAtTarget(turn, target);
  return pauseForFailedProposals(work.campaign) ?? thinkNext(turn);
}

/** Null until everything that was asked for has a verdict. */
function finishAtTarget({ snapshot, work: { campaign }, active }: Turn, target: number): Action | null {
  if (active > 0) return null;
  const reason =
    target < campaign.state.target
      ? `The contract's limit of ${target} experiments was reached.`
      : 'All experiments have a verdict.';
  return pauseForHeld(snapshot, campaign) ?? { kind: 'phase', campaign, ...ended('finished', reason) };
}

/** What is open is judged first, and what is thought about is waited for, so that its price is known. */
function finishAtLimit(
  { snapshot, work: { campaign }, active }: Turn,
  limit: string,
  steps: readonly Action[],
): Action | null {
  const flagged = pauseForFlagged(snapshot, campaign);
  if (flagged) return flagged;
  const isThinking = snapshot.thoughts.some(thought => thought.campaign === campaign.issue);
  if (active > 0 || steps.length > 0 || isThinking) return null;
  return pauseForHeld(snapshot, campaign) ?? { kind: 'phase', campaign, ...ended('finished', limit) };
}
