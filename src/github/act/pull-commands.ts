/** People's words on an experiment's pull request: keep, discard, rerun. */

import type { ActionOf } from '../../campaign/action.ts';
import type { Word } from '../../campaign/command.ts';
import { nextTrial } from '../../campaign/evidence/evidence.ts';
import { experimentMarkerSchema, type SpokenWord } from '../../campaign/marker.ts';
import { type Campaign, type Experiment, HELD_LABEL, type Snapshot } from '../../campaign/model.ts';
import { KEPT_WORDS } from '../../campaign/people.ts';
import { hasEnded, trialsOf } from '../../campaign/queries.ts';
import { heldComment } from '../../render/pull.ts';
import { pullBody } from '../body.ts';
import type { Context } from '../context.ts';
import { readMarker } from '../marker.ts';
import { refuse, sayOnce } from '../replies.ts';
import { isAsObserved } from './as-observed.ts';
import type { Request } from './request.ts';
import { askAgain } from './requested-ideas.ts';

/** Key of the comment that says why an experiment waits for people. */
const HELD = 'held';

/** Takes a person's word: it goes into the experiment's marker, or is refused with what to do instead. */
export async function speak(
  context: Context,
  snapshot: Snapshot,
  pending: Request,
  experiment: Experiment,
  word: Word,
): Promise<void> {
  const { port } = context;
  if (word === 'rerun' && experiment.state === 'closed')
    return askAgain(context, snapshot, pending, experiment);
  const problem = objectionTo(snapshot, pending.campaign, experiment, word);
  if (problem !== null) return refuse(context, pending, problem);
  await port.react(pending.comment, 'rocket');
  // Right before it is written: another App may be at it, too.
  const now = await port.pull(experiment.pull);
  const marker = readMarker('experiment', now.body, experimentMarkerSchema);
  // The list lagged behind: the next look sees what it is by now.
  if (now.state !== 'open' || !marker) return;
  if (marker.words.some(({ comment }) => comment === pending.comment)) return;
  const spoken: SpokenWord = {
    kind: word,
    by: pending.author,
    comment: pending.comment,
    after: nextTrial(snapshot, marker, trialsOf(snapshot, experiment)) - 1,
  };
  const words = [...marker.words, spoken].slice(-KEPT_WORDS);
  const held = word === 'rerun' ? null : marker.held;
  await port.updatePull(experiment.pull, { body: pullBody({ ...marker, words, held }) });
}

/** Why a word cannot be taken, with what to do; null where it can. */
function objectionTo(
  snapshot: Snapshot,
  campaign: Campaign | null,
  experiment: Experiment,
  word: Word,
): string | null {
  const { marker, state } = experiment;
  if (state === 'merged')
    return 'This experiment is merged already. To take it back, revert its commit on the base branch.';
  if (state === 'closed')
    return word === 'keep'
      ? 'This experiment is closed. Comment `/research rerun` here: its edits become a new experiment on the present champion, which you can keep.'
      : 'This experiment is closed already.';
  if (word === 'discard') return null;
  if (!campaign?.state || hasEnded(campaign.state))
    return `The campaign on #${marker.campaign} has ended, or its state is lost, so nothing is measured or merged. Comment \`/research 1\` there first.`;
  if (experiment.headSha !== marker.commit && experiment.headSha !== marker.previous)
    return `Someone pushed to this branch, so what it holds is not what was measured. Put ${marker.commit.slice(0, 7)} back, then comment the command again.`;
  const flagged = trialsOf(snapshot, experiment).find(
    ({ refereed }) => (refereed?.audit?.flags.length ?? 0) > 0,
  );
  if (flagged)
    return `The audit of trial ${flagged.trial} does not agree with its number, so nobody can keep it or measure it anew. Comment \`/research discard\`, and \`/research try\` on #${marker.campaign} with a version that does not do this.`;
  return null;
}

/** Leaves an experiment to people: says why, marks it for their lists, and last of all in its marker. */
export async function hold(
  { port, log }: Context,
  { contract, experiment, verdict, trials }: ActionOf<'hold'>,
): Promise<void> {
  const { pull, marker } = experiment;
  if (!(await isAsObserved(port, experiment))) return;
  log.info({ pull, value: verdict.value }, 'held');
  await sayOnce(port, pull, HELD, heldComment(contract, verdict, trials));
  await port.addLabel(pull, HELD_LABEL);
  await port.updatePull(pull, { body: pullBody({ ...marker, held: verdict.reason }) });
}
