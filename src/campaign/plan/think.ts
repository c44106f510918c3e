/** Who thinks for a campaign, and when one more idea is needed. */
import type { AgentConfig, Contract } from '../../protocol/contract.ts';
import type { Campaign } from '../model.ts';
import type { Thought } from '../thought.ts';

/** One runner's trial is longer than a thought; eight runners' are not. */
const RUNNERS_FOR_ONE_THINKER = 8;

/** Thoughts at a time: they know nothing of each other. */
const MOST_AT_ONCE = 8;

/** Configuration of the agent that thinks for a campaign; undefined where the contract has none of that name. */
export function agentOf(contract: Pick<Contract, 'agents'>, campaign: Campaign): AgentConfig | undefined {
  const wanted = campaign.state?.agent ?? null;
  return contract.agents.find(({ name }) => wanted === null || name === wanted);
}

/** Whether the agent takes its time: one that does not need not think ahead, and cannot mend what it did. */
export function isModel(agent: AgentConfig | undefined): boolean {
  return agent?.use === 'openai';
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
