/** Commands on an experiment's pull request: keep, discard, rerun. */

import type { ActionOf } from '../../campaign/action.ts';
import type { ExperimentCommand } from '../../campaign/command.ts';
import { nextTrial } from '../../campaign/evidence/evidence.ts';
import { experimentMarkerSchema, type RecordedCommand } from '../../campaign/marker.ts';
import { type Campaign, type Experiment, HELD_LABEL, type Snapshot } from '../../campaign/model.ts';
import { KEPT_COMMANDS } from '../../campaign/people.ts';
import { hasEnded, trialsOf } from '../../campaign/queries.ts';
import { heldComment } from '../../render/verdict.ts';
import { pullBody } from '../body.ts';
import type { Context } from '../context.ts';
import { readMarker } from '../marker.ts';
import { commentOnce, refuse } from '../replies.ts';
import { isAsObserved } from './as-observed.ts';
import type { Request } from './request.ts';
import { requestRepeat } from './requested-ideas.ts';
import { withEvidence } from './verdict.ts';

/** Key of the comment that explains why an experiment is held. */
const HELD = 'held';

/** Stores a command in the experiment's marker, or refuses it and says what to do instead. */
export async function answerOnExperiment(
  context: Context,
  snapshot: Snapshot,
  pending: Request,
  experiment: Experiment,
  word: ExperimentCommand,
): Promise<void> {
  const { port } = context;
  if (word === 'rerun' && experiment.state === 'closed')
    return requestRepeat(context, snapshot, pending, experiment);
  const problem = objectionTo(snapshot, pending.campaign, experiment, word);
  if (problem !== null) return refuse(context, pending, problem);
  await port.react(pending.comment, 'rocket');
  // Read right before the write: a second App may be writing, too.
  const now = await port.pull(experiment.pull);
  const marker = readMarker('experiment', now.body, experimentMarkerSchema);
  // The list lagged: the next step sees the current state.
  if (now.state !== 'open' || !marker) return;
  if (marker.words.some(({ comment }) => comment === pending.comment)) return;
  const recorded: RecordedCommand = {
    kind: word,
    by: pending.author,
    comment: pending.comment,
    after: nextTrial(snapshot, marker, trialsOf(snapshot, experiment)) - 1,
  };
  const words = [...marker.words, recorded].slice(-KEPT_COMMANDS);
  const held = word === 'rerun' ? null : marker.held;
  await port.updatePull(experiment.pull, { body: pullBody({ ...marker, words, held }) });
}

/** Why a command is refused, with what to do instead; null if it is not. */
function objectionTo(
  snapshot: Snapshot,
  campaign: Campaign | null,
  experiment: Experiment,
  word: ExperimentCommand,
): string | null {
  const { marker, state } = experiment;
  if (state === 'merged')
    return 'This experiment is already merged. To undo it, revert its commit on the base branch.';
  if (state === 'closed')
    return word === 'keep'
      ? 'This experiment is closed. Comment `/research rerun` here to open a new experiment with the same edits on the current champion. You can keep that one.'
      : 'This experiment is already closed.';
  if (word === 'discard') return null;
  if (!campaign?.state || hasEnded(campaign.state))
    return `The campaign on #${marker.campaign} has ended or its state is lost, so nothing is measured or merged. Comment \`/research 1\` there first.`;
  if (experiment.headSha !== marker.commit && experiment.headSha !== marker.previous)
    return `Someone pushed to this branch, so it is not what was measured any more. Restore ${marker.commit.slice(0, 7)}, then comment the command again.`;
  const flagged = trialsOf(snapshot, experiment).find(
    ({ refereed }) => (refereed?.audit?.flags.length ?? 0) > 0,
  );
  if (flagged)
    return `The audit of trial ${flagged.trial} disagrees with its score, so this experiment can be neither kept nor rerun. Comment \`/research discard\` here, and \`/research try\` on #${marker.campaign} with a version that passes the audit.`;
  return null;
}

/** Holds an experiment for people: comments why, adds a label, and finally stores it in the marker. */
export async function hold(
  { port, log }: Context,
  snapshot: Snapshot,
  action: ActionOf<'hold'>,
): Promise<void> {
  const { contract, experiment, verdict } = action;
  const { pull, marker } = experiment;
  if (!(await isAsObserved(port, experiment))) return;
  log.info({ pull, value: verdict.value }, 'held');
  await commentOnce(port, pull, HELD, heldComment(withEvidence(snapshot, contract, action)));
  await port.addLabel(pull, HELD_LABEL);
  await port.updatePull(pull, { body: pullBody({ ...marker, held: verdict.reason }) });
}
