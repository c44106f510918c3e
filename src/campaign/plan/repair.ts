/** What an agent is asked about an experiment that exists: to mend a crash, or to port it to another champion. */

import type { Action, Work } from '../action.ts';
import { MAX_REPAIRS, type RecordedTrial } from '../marker.ts';
import type { Experiment, Snapshot } from '../model.ts';
import { unforgiven } from '../people.ts';
import { limitReached } from './campaign-limits.ts';
import { conclude } from './conclude.ts';
import { LOOK_AGAIN_SECONDS } from './dispatch.ts';
import { agentOf, isModel } from './think.ts';

/** What a language model may be able to mend when it is shown the end of the output. */
const MENDABLE = ['exception', 'no metric', 'not a number', 'out of memory'];

/**
 * While the agent thinks about this experiment, waits; when it has an answer, makes the experiment again from it. A crash is given
 * back to it at most twice. Null where there is nothing to mend, or no answer came.
 */
export function mend(
  snapshot: Snapshot,
  work: Work,
  { marker, ...experiment }: Experiment,
  trials: readonly RecordedTrial[],
  now: Date,
): Action | null {
  const { campaign, contract } = work;
  const thought = snapshot.thoughts.find(
    ({ task }) => 'pull' in task && task.pull === experiment.pull && task.commit === marker.commit,
  );
  if (thought?.state === 'thinking') return { kind: 'wait', seconds: LOOK_AGAIN_SECONDS };
  if (thought?.state === 'idea')
    return { kind: 'revise', ...work, experiment: { ...experiment, marker }, thought: thought.id };
  if (thought?.task.kind === 'port')
    return conclude(
      { ...experiment, marker },
      [...trials],
      'superseded',
      'The champion moved on, and the edits no longer fit its files; the agent did not port them.',
    );
  const crash = unforgiven(marker, trials).find(
    ({ outcome }) => outcome.status === 'crash' && MENDABLE.includes(outcome.reason),
  );
  if (!crash || thought || marker.repairs >= MAX_REPAIRS || !isModel(agentOf(contract, campaign)))
    return null;
  if (limitReached(snapshot, contract, campaign, now) !== null) return null;
  return { kind: 'think', ...work, task: { kind: 'repair', pull: experiment.pull, commit: marker.commit } };
}
