/** Which agent thinks for a campaign. */

import { quote } from '../campaign/quote.ts';
import { type AgentConfig, agentNamed } from '../protocol/agents.ts';
import type { Contract } from '../protocol/contract.ts';
import type { Agent } from './agent.ts';
import { exploreAgent } from './explore.ts';
import { openaiAgent } from './openai.ts';

/** The environment variables that agents read. */
export interface AgentEnv {
  OPENAI_API_KEY?: string | undefined;
  OPENAI_BASE_URL?: string | undefined;
}

type Choice = { kind: 'agent'; agent: Agent } | { kind: 'problem'; message: string };

/** The contract's agent named `wanted`, else its first; a problem, for people to read, where there is none that can work. */
export function chooseAgent(contract: Pick<Contract, 'agents'>, env: AgentEnv, wanted?: string): Choice {
  const config = agentNamed(contract, wanted);
  if (config === undefined) {
    const names = contract.agents.map(({ name }) => name).join(', ');
    return {
      kind: 'problem',
      message: `The contract has no agent named ${quote(wanted ?? '')}; it has ${names}.`,
    };
  }
  return createAgent(config, env);
}

function createAgent(config: AgentConfig, env: AgentEnv): Choice {
  switch (config.use) {
    case 'explore':
      return { kind: 'agent', agent: exploreAgent(config) };
    case 'openai': {
      const { OPENAI_API_KEY: apiKey, OPENAI_BASE_URL: baseURL } = env;
      // A server of one's own needs no key, OpenAI's does.
      if (apiKey?.trim() || baseURL?.trim())
        return { kind: 'agent', agent: openaiAgent(config, { apiKey, baseURL }) };
      const message =
        `Agent ${config.name} asks ${quote(config.model)} and needs a key: set OPENAI_API_KEY where the bot runs, or ` +
        'OPENAI_BASE_URL for a server that asks for none. `use: explore` in the contract needs neither.';
      return { kind: 'problem', message };
    }
  }
}
