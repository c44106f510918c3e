/** Asks an agent to revise an existing experiment: to fix a crash, or to port it to another champion. */

import type { Action } from '../action.ts';
import { MAX_REPAIRS } from '../marker.ts';
import { trialsSinceRerun } from '../people.ts';
import { limitReached } from './campaign-limits.ts';
import { conclude } from './conclude.ts';
import { LOOK_AGAIN_SECONDS } from './dispatch.ts';
import { hasCrashed, type Subject } from './subject.ts';
import { agentCan } from './think.ts';

/** Crashes that an agent may be able to fix when it sees the end of the output. */
const REPAIRABLE = ['exception', 'no metric', 'not a number', 'out of memory'];

/**
 * Asks for a fix after a crash, waits for the agent's answer, and makes the experiment again from it. Null if there is nothing to fix, or
 * no usable answer.
 */
export function reviseExperiment(subject: Subject): Action | null {
  const { snapshot, work, experiment, trials } = subject;
  const { pull, marker } = experiment;
  const thought = snapshot.thoughts.find(
    ({ task }) => 'pull' in task && task.pull === pull && task.commit === marker.commit,
  );
  if (!thought) return canRepair(subject) ? repair(subject) : null;
  if (thought.state === 'thinking') return { kind: 'wait', seconds: LOOK_AGAIN_SECONDS };
  if (thought.state === 'idea') return { kind: 'revise', ...work, experiment, thought: thought.id };
  if (thought.task.kind !== 'port') return null;
  const reason = 'The champion changed, its edits no longer apply, and the agent could not port them.';
  return conclude(experiment, trials, 'superseded', reason);
}

function canRepair(subject: Subject): boolean {
  const { snapshot, work, experiment, trials, now } = subject;
  const { campaign, contract } = work;
  const { marker } = experiment;
  const crashed = trialsSinceRerun(marker, trials).some(
    ({ outcome }) => outcome.status === 'crash' && REPAIRABLE.includes(outcome.reason),
  );
  return (
    crashed &&
    hasCrashed(subject) &&
    marker.repairs < MAX_REPAIRS &&
    agentCan('repairs', contract, campaign) &&
    limitReached(snapshot, contract, campaign, now) === null
  );
}

function repair({ work, experiment: { pull, marker } }: Subject): Action {
  return { kind: 'think', ...work, task: { kind: 'repair', pull, commit: marker.commit } };
}
