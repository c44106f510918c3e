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

/** The variables that agents read, from the whole environment. */
export function agentEnvOf({ OPENAI_API_KEY, OPENAI_BASE_URL }: NodeJS.ProcessEnv): AgentEnv {
  return { OPENAI_API_KEY, OPENAI_BASE_URL };
}

type Choice = { kind: 'agent'; agent: Agent } | { kind: 'problem'; message: string };

/** The contract's agent named `wanted`, or its first one; a message for people if that agent cannot work. */
export type ChooseAgent = (contract: Pick<Contract, 'agents'>, env: AgentEnv, wanted?: string) => Choice;

/** Chooses agents. The same entry of a contract is the same agent as long as the App runs, because agents learn what their endpoint refuses. */
export function agentChooser(): ChooseAgent {
  const known = new Map<string, Choice>();
  return (contract, env, wanted) => {
    const config = agentNamed(contract, wanted);
    if (config === undefined) {
      const names = contract.agents.map(({ name }) => name).join(', ');
      const message = `The contract has no agent named ${quote(wanted ?? '')}. Its agents: ${names}.`;
      return { kind: 'problem', message };
    }
    const key = JSON.stringify([config, env]);
    const choice = known.get(key) ?? createAgent(config, env);
    known.set(key, choice);
    return choice;
  };
}

/** What is missing for language models in general; null if nothing is. OpenAI needs a key; a server of the user's own may need none. */
export function modelProblem({ OPENAI_API_KEY, OPENAI_BASE_URL }: AgentEnv): string | null {
  if (OPENAI_API_KEY?.trim() || OPENAI_BASE_URL?.trim()) return null;
  return 'Set OPENAI_API_KEY where the bot runs, or OPENAI_BASE_URL to use a server that needs no key.';
}

function createAgent(config: AgentConfig, env: AgentEnv): Choice {
  switch (config.use) {
    case 'explore':
      return { kind: 'agent', agent: exploreAgent(config) };
    case 'openai': {
      const { OPENAI_API_KEY: apiKey, OPENAI_BASE_URL: baseURL } = env;
      const problem = modelProblem(env);
      if (problem === null) return { kind: 'agent', agent: openaiAgent(config, { apiKey, baseURL }) };
      const message = `The agent ${quote(config.name)} uses ${quote(config.model)} and needs a key. ${problem} An agent with \`use: explore\` needs neither.`;
      return { kind: 'problem', message };
    }
  }
}
