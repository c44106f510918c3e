/** Chooses the agent of a campaign. */

import { type AgentConfig, agentNamed } from '../protocol/agents.ts';
import type { Contract } from '../protocol/contract.ts';
import { quote } from '../text/markdown.ts';
import type { Agent } from './agent.ts';
import { exploreAgent } from './explore.ts';
import { openaiAgent } from './openai.ts';

/** The environment variables that agents read. */
export interface AgentEnv {
  OPENAI_API_KEY?: string | undefined;
  OPENAI_BASE_URL?: string | undefined;
}

type Choice = { kind: 'agent'; agent: Agent } | { kind: 'problem'; message: string };

/** The contract's agent named `wanted`, or its first one; a message for people if that agent cannot work. */
export function chooseAgent(contract: Pick<Contract, 'agents'>, env: AgentEnv, wanted?: string): Choice {
  const config = agentNamed(contract, wanted);
  if (config === undefined) {
    const names = contract.agents.map(({ name }) => name).join(', ');
    return {
      kind: 'problem',
      message: `The contract has no agent named ${quote(wanted ?? '')}. Its agents: ${names}.`,
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
      // A server of the user's own may need no key, but OpenAI does.
      if (apiKey?.trim() || baseURL?.trim())
        return { kind: 'agent', agent: openaiAgent(config, { apiKey, baseURL }) };
      const message =
        `The agent ${quote(config.name)} uses ${quote(config.model)} and needs a key. Set OPENAI_API_KEY where the bot runs, or ` +
        'OPENAI_BASE_URL to use a server that needs no key. An agent with `use: explore` needs neither.';
      return { kind: 'problem', message };
    }
  }
}
