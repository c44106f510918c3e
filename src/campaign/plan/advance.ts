/** The current campaign's next step: measure the champion, advance what is open, think of something new, or finish. */

import type { Action } from '../action.ts';
import { budgetOf, championIsMeasured } from '../evidence/evidence.ts';
import type { Snapshot } from '../model.ts';
import { ended } from '../phase.ts';
import { countExperiments } from '../queries.ts';
import { targetOf } from './campaign-limits.ts';
import { measureChampion, suspectMachine } from './champion.ts';
import { prepareGuards } from './champion-guards.ts';
import { LOOK_AGAIN_SECONDS, runningTrials, waitForAttempt } from './dispatch.ts';
import { advanceExperiment } from './experiment.ts';
import { measureFinals } from './finals.ts';
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

/** A step that clears up a suspicion before anything new is started: does the machine work, do the ideas crash? */
function suspect({ snapshot, work, now, limit }: Turn): Action | null {
  if (limit !== null) return null;
  return suspectMachine(snapshot, work, now) ?? pauseForCrashes(snapshot, work);
}

/** The next steps of everything in progress, in order of precedence. */
function stepsOf(turn: Turn, suspicion: Action | null): Action[] {
  const { snapshot, work } = turn;
  const isMeasured = championIsMeasured(snapshot, work.contract, budgetOf(work.contract, work.campaign));
  const guards = prepareGuards(turn);
  const steps = guards ? [guards] : isMeasured ? experimentSteps(turn, suspicion) : [championStep(turn)];
  return steps.filter(step => step !== null);
}

function experimentSteps(turn: Turn, suspicion: Action | null): (Action | null)[] {
  const { snapshot, work, open, now } = turn;
  const steps = open.map(experiment => advanceExperiment(snapshot, work, experiment, now));
  return [...steps, suspicion ?? openNext(turn)];
}

function championStep({ snapshot, work, now, active, parallel, limit }: Turn): Action | null {
  // No experiment will be compared with it, but trials in flight are still recorded.
  if (limit !== null && active === 0) return waitForAttempt(snapshot, work, null, now);
  return measureChampion(snapshot, work, parallel, now);
}

/** Whether there is a runner for a step. A person's decision, or a lost trial that is dispatched again, can come while all are taken. */
function isPossible({ snapshot, work, parallel, now }: Turn, step: Action): boolean {
  if (step.kind !== 'dispatch') return step.kind !== 'wait';
  return runningTrials(snapshot, work.campaign, now) < parallel;
}

function thinkOrFinish(turn: Turn): Action | null {
  const { snapshot, work } = turn;
  const flagged = pauseForFlagged(snapshot, work.campaign);
  if (flagged) return flagged;
  const target = targetOf(work.contract, work.campaign.state);
  if (countExperiments(snapshot, work.campaign) >= target) return finishAtTarget(turn, target);
  return pauseForFailedProposals(work.campaign) ?? thinkNext(turn);
}

/** Null until all requested experiments have a verdict. */
function finishAtTarget(turn: Turn, target: number): Action | null {
  if (turn.active > 0) return null;
  const { state } = turn.work.campaign;
  const reason =
    target < state.target
      ? `Reached the contract's limit of ${target} experiments.`
      : 'All experiments have a verdict.';
  return finish(turn, reason);
}

/** The end: decisions on what is held, then the final measurements, which no limit cuts short, then the last phase. */
function finish(turn: Turn, reason: string): Action {
  const { snapshot, work } = turn;
  const { campaign } = work;
  return (
    pauseForHeld(snapshot, campaign) ??
    measureFinals(turn) ?? { kind: 'phase', campaign, ...ended('finished', reason) }
  );
}

/** Null until open experiments have a verdict and agents have answered, so that the cost of their answers is known. */
function finishAtLimit(turn: Turn, limit: string, steps: readonly Action[]): Action | null {
  const { snapshot, work, active } = turn;
  const { campaign, contract } = work;
  const flagged = pauseForFlagged(snapshot, campaign);
  if (flagged) return flagged;
  const isThinking = snapshot.thoughts.some(thought => thought.campaign === campaign.issue);
  if (active > 0 || steps.length > 0 || isThinking) return null;
  const target = targetOf(contract, campaign.state);
  // The limit may be reached while the result of a campaign that is complete is being measured.
  return countExperiments(snapshot, campaign) >= target ? finishAtTarget(turn, target) : finish(turn, limit);
}
