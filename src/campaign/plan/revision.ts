/** What an agent is asked about an experiment that exists: to mend a crash, or to port it to another champion. */

import type { Action } from '../action.ts';
import { MAX_REPAIRS } from '../marker.ts';
import { unforgiven } from '../people.ts';
import { limitReached } from './campaign-limits.ts';
import { conclude } from './conclude.ts';
import { LOOK_AGAIN_SECONDS } from './dispatch.ts';
import type { Subject } from './subject.ts';
import { agentCan } from './think.ts';

/** What a language model may be able to mend when it is shown the end of the output. */
const REPAIRABLE = ['exception', 'no metric', 'not a number', 'out of memory'];

/**
 * While the agent thinks about this experiment, waits; when it has an answer, makes the experiment again from it. A crash is given
 * back to it at most twice. Null where there is nothing to mend, or no answer came.
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
  const reason = 'The champion moved on, and the edits no longer fit its files; the agent did not port them.';
  return conclude(experiment, trials, 'superseded', reason);
}

function canRepair({ snapshot, work: { campaign, contract }, experiment, trials, now }: Subject): boolean {
  const { marker } = experiment;
  const crashed = unforgiven(marker, trials).some(
    ({ outcome }) => outcome.status === 'crash' && REPAIRABLE.includes(outcome.reason),
  );
  return (
    crashed &&
    marker.repairs < MAX_REPAIRS &&
    agentCan('repairs', contract, campaign) &&
    limitReached(snapshot, contract, campaign, now) === null
  );
}

function repair({ work, experiment: { pull, marker } }: Subject): Action {
  return { kind: 'think', ...work, task: { kind: 'repair', pull, commit: marker.commit } };
}
