/** Repeats a closed experiment, or takes a merged one back, because a person requested it. */
import type { ActionOf } from '../../campaign/action.ts';
import { undone } from '../../campaign/evidence/ablation.ts';
import { NO_COST } from '../../campaign/idea.ts';
import type { Snapshot } from '../../campaign/model.ts';
import type { Context } from '../context.ts';
import { saveState } from '../state.ts';
import { applyIdea } from './candidate.ts';
import { openPull } from './propose.ts';
import { dropRequest, remainingRequests } from './requested-ideas.ts';

/** Opens experiment `number` with the edits of an earlier one, or against them, on the current champion, or reports why that is impossible. */
export async function repeat(
  context: Context,
  snapshot: Snapshot,
  { campaign, contract, number, asked }: ActionOf<'repeat'>,
): Promise<void> {
  const drop = (reason: string) => dropRequest(context, snapshot, campaign, asked, reason);
  const marker = snapshot.experiments.find(({ pull }) => pull === asked.pull)?.marker;
  if (!marker) return drop('its pull request can no longer be read');
  const { agent } = marker;
  const idea = asked.undo ? undone(marker.idea) : marker.idea;
  const change = idea && (await applyIdea(context.port, contract, snapshot, idea));
  if (!change) return drop('its edits no longer apply to the champion');
  const experiment = { campaign: campaign.issue, number, agent, cost: NO_COST, asked, parts: [] };
  const refusal = await openPull(context, snapshot, experiment, change);
  if (refusal !== null) return drop(refusal);
  const rest = remainingRequests(snapshot, campaign, asked);
  await saveState(context.port, snapshot, campaign, { ...campaign.state, asked: rest });
}
