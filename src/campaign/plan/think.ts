/** Who thinks for a campaign, and when one more idea is needed. */
import { type AgentAbilities, abilitiesOf, agentNamed } from '../../protocol/agents.ts';
import type { Contract } from '../../protocol/contract.ts';
import type { Campaign } from '../model.ts';
import type { Thought } from '../thought.ts';

/** One runner's trial is longer than a thought; eight runners' are not. */
const RUNNERS_FOR_ONE_THINKER = 8;

/** Thoughts at a time: they know nothing of each other. */
const MOST_AT_ONCE = 8;

/** Whether a campaign's agent has an ability; false where the contract has no agent of that name. */
export function agentCan(
  ability: keyof AgentAbilities,
  contract: Pick<Contract, 'agents'>,
  campaign: Campaign,
): boolean {
  const agent = agentNamed(contract, campaign.state?.agent);
  return agent !== undefined && abilitiesOf(agent)[ability];
}

/**
 * Whether one more idea should be thought of now, so that no runner waits for one.
 * @param open experiments that have a pull request and no verdict
 * @param room experiments that may still be made, those thought of already counted
 */
export function shouldThink(
  thoughts: readonly Thought[],
  { parallel, open, room, ahead }: { parallel: number; open: number; room: number; ahead: boolean },
): boolean {
  const thinking = thoughts.filter(thought => thought.state === 'thinking').length;
  const ready = thoughts.length - thinking;
  const thinkers = Math.ceil(parallel / RUNNERS_FOR_ONE_THINKER);
  const starving = parallel - open - ready;
  return (
    room > 0 &&
    open + ready + thinking < parallel + (ahead ? thinkers : 0) &&
    thinking < Math.min(MOST_AT_ONCE, Math.max(thinkers, starving))
  );
}
