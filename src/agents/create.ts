/** Chooses the agent of a campaign. */

import type { AgentConfig, Contract } from '../protocol/contract.ts';
import { quote } from '../text/markdown.ts';
import type { Agent } from './agent.ts';
import { exploreAgent } from './explore.ts';
import { openaiAgent } from './openai.ts';

/** The environment variables that agents read. */
export interface AgentEnv {
  OPENAI_API_KEY?: string | undefined;
  OPENAI_BASE_URL?: string | undefined;
}

function createAgent(config: AgentConfig, env: AgentEnv): Agent {
  if (config.use === 'explore') return exploreAgent(config);
  return openaiAgent(config, { apiKey: env.OPENAI_API_KEY, baseURL: env.OPENAI_BASE_URL });
}

/** The contract's agent named `wanted`, or its first one; a message for people if that agent cannot work. */
export function chooseAgent(
  contract: Pick<Contract, 'agents'>,
  env: AgentEnv,
  wanted?: string,
): { kind: 'agent'; agent: Agent } | { kind: 'problem'; message: string } {
  const config = contract.agents.find(({ name }) => wanted === undefined || name === wanted);
  if (config === undefined) {
    const names = contract.agents.map(({ name }) => name).join(', ');
    return {
      kind: 'problem',
      message: `The contract has no agent named ${quote(wanted ?? '')}. Its agents: ${names}.`,
    };
  }
  // A server of the user's own may need no key, but OpenAI does.
  if (config.use === 'openai' && !env.OPENAI_API_KEY?.trim() && !env.OPENAI_BASE_URL?.trim()) {
    const message =
      `The agent ${quote(config.name)} uses ${quote(config.model)} and needs a key. Set OPENAI_API_KEY where the bot runs, or OPENAI_BASE_URL ` +
      'to use a server that needs no key. An agent with `use: explore` needs neither.';
    return { kind: 'problem', message };
  }
  return { kind: 'agent', agent: createAgent(config, env) };
}
