/** Which agent thinks for a campaign. */

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

/** The contract's agent named `wanted`, else its first; a problem, for people to read, where there is none that can work. */
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
      message: `The contract has no agent named ${quote(wanted ?? '')}; it has ${names}.`,
    };
  }
  // A server of one's own needs no key, OpenAI's does.
  if (config.use === 'openai' && !env.OPENAI_API_KEY?.trim() && !env.OPENAI_BASE_URL?.trim()) {
    const message =
      `Agent ${config.name} asks ${quote(config.model)} and needs a key: set OPENAI_API_KEY where the bot runs, or ` +
      'OPENAI_BASE_URL for a server that asks for none. `use: explore` in the contract needs neither.';
    return { kind: 'problem', message };
  }
  return { kind: 'agent', agent: createAgent(config, env) };
}
