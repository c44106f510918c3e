/** What a campaign's agent can do, and when it is asked for another idea. */
import { type AgentAbilities, abilitiesOf, agentNamed } from '../../protocol/agents.ts';
import type { Contract } from '../../protocol/contract.ts';
import type { Campaign } from '../model.ts';
import type { Thought } from '../thought.ts';

/** With one runner, a trial takes longer than an idea. With eight, ideas have to come faster, so one request at a time is made per eight. */
const RUNNERS_FOR_ONE_THINKER = 8;

/** Maximum number of requests at a time. Each is made without knowledge of the others' answers. */
const MOST_AT_ONCE = 8;

/** Whether a campaign's agent has an ability; false if the contract has no agent of that name. */
export function agentCan(
  ability: keyof AgentAbilities,
  contract: Pick<Contract, 'agents'>,
  campaign: Campaign,
): boolean {
  const agent = agentNamed(contract, campaign.state?.agent);
  return agent !== undefined && abilitiesOf(agent)[ability];
}

/**
 * Whether to ask for another idea now, so that no runner has to wait for one.
 * @param open experiments with a pull request and without a verdict
 * @param room how many more experiments may be made, apart from those in `thoughts`
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
