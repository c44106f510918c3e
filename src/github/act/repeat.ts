/** A closed experiment once more, because a person asked for it. */
import type { ActionOf } from '../../campaign/action.ts';
import { NO_COST } from '../../campaign/idea.ts';
import type { Snapshot } from '../../campaign/model.ts';
import type { Context } from '../context.ts';
import { saveState } from '../state.ts';
import { fitting } from './candidate.ts';
import { openPull } from './propose.ts';
import { dropAsked, withoutAsked } from './requested-ideas.ts';

/** Opens experiment `number` from the edits of an earlier one on the present champion; says so where they do not fit. */
export async function repeat(
  context: Context,
  snapshot: Snapshot,
  { campaign, contract, number, asked }: ActionOf<'repeat'>,
): Promise<void> {
  const drop = (reason: string) => dropAsked(context, snapshot, campaign, asked, reason);
  const marker = snapshot.experiments.find(({ pull }) => pull === asked.pull)?.marker;
  if (!marker) return drop('its pull request cannot be read any more');
  const { idea, agent } = marker;
  const change = await fitting(context.port, contract, snapshot, idea);
  if (!change) return drop('its edits no longer fit the champion’s files');
  const experiment = { campaign: campaign.issue, number, idea, agent, cost: NO_COST, asked };
  const refusal = await openPull(context, snapshot, experiment, change);
  if (refusal !== null) return drop(refusal);
  const rest = withoutAsked(snapshot, campaign, asked);
  await saveState(context.port, snapshot, campaign, { ...campaign.state, asked: rest });
}
