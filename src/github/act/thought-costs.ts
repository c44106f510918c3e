/** The cost of thoughts that did not become experiments. */
import type { ActionOf } from '../../campaign/action.ts';
import { addCost, type Cost } from '../../campaign/idea.ts';
import type { CampaignState } from '../../campaign/marker.ts';
import type { Snapshot } from '../../campaign/model.ts';
import type { Context } from '../context.ts';
import { saveState } from '../state.ts';
import type { Thinking } from '../thinking.ts';

/** Adds a thought's cost to the campaign's failed proposals, and forgets the thought. */
export async function writeOff(
  { port, thinking }: Pick<Context, 'port' | 'thinking'>,
  snapshot: Snapshot,
  { campaign, thought }: Pick<ActionOf<'writeOff'>, 'campaign' | 'thought'>,
): Promise<void> {
  const answer = thinking.answer(thought);
  if (answer && answer.cost.calls > 0) {
    const state = charge(thinking, thought, campaign.state, answer.cost);
    const reasons = answer.kind === 'failed' ? [answer.reason] : [];
    await saveState(port, snapshot, campaign, {
      ...state,
      failedProposals: [...state.failedProposals, ...reasons],
    });
  }
  thinking.drop(thought);
}

/** The state with a failed answer's cost added, which the caller has to save. If GitHub's response gets lost, the next step can tell whether it was saved. */
export function charge(thinking: Thinking, thought: number, state: CampaignState, cost: Cost): CampaignState {
  const failedCost = addCost(state.failedCost, cost);
  if (cost.calls > 0) thinking.use(thought, { kind: 'failed', cost: failedCost });
  return { ...state, failedCost };
}
