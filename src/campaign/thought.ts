/** What agents think about beside the loop, as far as the plan has to know. */
import type { AgentConfig, Contract } from '../protocol/contract.ts';
import type { Campaign } from './model.ts';

/** A new idea; or all edits of an old one anew, for another champion (`port`) or because it crashed (`repair`). */
export type Task =
  /** `number` is the experiment that it will probably become: the next one that nobody else thinks about. */
  | { kind: 'idea'; number: number }
  /** The idea of a person, in the comment of that id, made into an experiment. */
  | { kind: 'try'; number: number; comment: number }
  /** `commit`: the candidate that no longer fits or that crashed. */
  | { kind: 'port' | 'repair'; pull: number; commit: string };

/** Lost when the App ends: the plan then asks again. */
export interface Thought {
  id: number;
  campaign: number;
  task: Task;
  /** `failed`: the agent has no answer; `exhausted`: it will not have one. */
  state: 'thinking' | 'idea' | 'failed' | 'exhausted';
}

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
