/** Replaces an experiment's candidate: on a new champion, or because it crashed. */

import type { ActionOf } from '../../campaign/action.ts';
import { nextTrial } from '../../campaign/evidence/evidence.ts';
import { addCost } from '../../campaign/idea.ts';
import type { ExperimentMarker } from '../../campaign/marker.ts';
import type { Experiment, Snapshot } from '../../campaign/model.ts';
import { limitReached } from '../../campaign/plan/campaign-limits.ts';
import { conclude } from '../../campaign/plan/conclude.ts';
import { agentCan } from '../../campaign/plan/think.ts';
import { trialsOf } from '../../campaign/queries.ts';
import { candidateMessage } from '../../render/commit.ts';
import { openTitle } from '../../render/title.ts';
import { pullBody } from '../body.ts';
import type { Context } from '../context.ts';
import type { GitHubPort } from '../port.ts';
import { isAsObserved } from './as-observed.ts';
import { think } from './ask-agent.ts';
import { applyIdea, type Change } from './candidate.ts';
import { close } from './close.ts';
import { writeOff } from './thought-costs.ts';

/**
 * Applies the idea to the new champion. If its edits do not apply any more, an agent that can port them is asked once; with any other
 * agent, the experiment is superseded.
 */
export async function restack(
  context: Context,
  snapshot: Snapshot,
  action: ActionOf<'restack'>,
): Promise<void> {
  const { campaign, contract, experiment } = action;
  const { marker } = experiment;
  const change = await applyIdea(context.port, contract, snapshot, marker.idea);
  if (change) {
    await replaceCandidate(context, snapshot, experiment, change, { restacks: marker.restacks + 1 });
    return;
  }
  const mayAsk = limitReached(snapshot, contract, campaign, context.now()) === null;
  if (mayAsk && agentCan('ports', contract, campaign)) {
    const task = { kind: 'port', pull: experiment.pull, commit: marker.commit } as const;
    return think(context, snapshot, { campaign, contract, task });
  }
  const reason = 'The champion has changed, and the edits no longer apply to it.';
  return close(context, snapshot, conclude(experiment, trialsOf(snapshot, experiment), 'superseded', reason));
}

/** Replaces the candidate with the agent's answer. */
export async function revise(
  context: Context,
  snapshot: Snapshot,
  action: ActionOf<'revise'>,
): Promise<void> {
  const { contract, experiment, thought } = action;
  const answer = context.thinking.answer(thought);
  const task = context.thinking.thoughts().find(({ id }) => id === thought)?.task;
  if (answer?.kind !== 'idea' || !task) return;
  const { marker } = experiment;
  const change = await applyIdea(context.port, contract, snapshot, answer.idea);
  // The champion moved while the agent was thinking. The answer is useless, but its cost counts.
  if (!change) return writeOff(context, snapshot, action);
  context.thinking.use(thought, { kind: 'experiment', number: marker.number, idea: change.idea });
  const made = await replaceCandidate(context, snapshot, experiment, change, {
    cost: addCost(marker.cost, answer.cost),
    ...(task.kind === 'port' ? { restacks: marker.restacks + 1 } : { repairs: marker.repairs + 1 }),
  });
  // Otherwise the next step sees the reason, and counts the answer's cost.
  if (made) context.thinking.drop(thought);
}

/**
 * Replaces the candidate's commit with one on the champion. The marker is written first and names both heads, so that `moveHead` can
 * finish the job if the App is killed before the branch moves. Does nothing and returns false if the pull request has changed.
 */
async function replaceCandidate(
  { port }: Context,
  snapshot: Snapshot,
  experiment: Experiment,
  { idea, files, addedTokens }: Change,
  change: Partial<ExperimentMarker>,
): Promise<boolean> {
  const { base } = snapshot;
  const trials = trialsOf(snapshot, experiment);
  const marker = { ...experiment.marker, ...change, idea, addedTokens };
  const tree = await port.createTree(base.tree, files);
  const commit = await port.createCommit(candidateMessage(marker), tree, base.sha);
  const { earlier } = marker;
  const next: ExperimentMarker = {
    ...marker,
    champion: { sha: base.sha, tree: base.tree },
    commit,
    tree,
    previous: experiment.headSha,
    staleTrials: nextTrial(snapshot, marker, marker.trials) - 1,
    earlier: {
      trials: earlier.trials + trials.length,
      machineSeconds: trials.reduce((sum, trial) => sum + trial.totalSeconds, earlier.machineSeconds),
    },
    trials: [],
    verdict: null,
    held: null,
  };
  // If it was closed or merged meanwhile, it keeps the verdict that it has.
  if (!(await isAsObserved(port, experiment))) return false;
  await port.updatePull(experiment.pull, { title: openTitle(next), body: pullBody(next) });
  await moveHead(port, { ...experiment, marker: next });
  return true;
}

/** Moves the branch to the commit in the marker. */
export async function moveHead(port: GitHubPort, experiment: Experiment): Promise<void> {
  await port.moveBranch(experiment.branch, experiment.marker.commit);
}
