import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AgentConfig } from '../protocol/agents.ts';
import { type AgentEnv, agentChooser } from './create.ts';

const gpt = { name: 'gpt', use: 'openai', model: 'gpt-5', timeout: 300 } as const satisfies AgentConfig;
const explore: AgentConfig = { name: 'explore', use: 'explore' };

function choice(agents: AgentConfig[], env: AgentEnv, wanted?: string): string {
  const chosen = agentChooser()({ agents }, env, wanted);
  return chosen.kind === 'agent' ? chosen.agent.name : chosen.message;
}

test('the first agent of the contract is used, unless another one is named', () => {
  assert.equal(choice([explore, gpt], {}), 'explore');
  assert.equal(choice([explore, gpt], { OPENAI_API_KEY: 'k' }, 'gpt'), 'gpt');
});

test('an unknown agent is refused with the names of those that the contract has', () => {
  assert.match(
    choice([explore, gpt], {}, 'claude'),
    /^The contract has no agent named `claude`\. Its agents: explore, gpt\.$/,
  );
  assert.match(
    choice([explore], {}, '@org/team'),
    /named `@org\/team`\./,
    'in a comment, this mentions nobody',
  );
});

test('a model without a key is refused with what to set; a server of the user’s own needs no key', () => {
  assert.match(
    choice([gpt, explore], {}),
    /^The agent `gpt` uses `gpt-5` and needs a key\. Set OPENAI_API_KEY .*OPENAI_BASE_URL/,
  );
  assert.match(choice([gpt], { OPENAI_API_KEY: ' ' }), /OPENAI_API_KEY/);
  assert.equal(choice([gpt], { OPENAI_BASE_URL: 'http://localhost:11434/v1' }), 'gpt');
});

test('the same entry of a contract is the same agent, which remembers what its endpoint refused', () => {
  const chooseAgent = agentChooser();
  const env = { OPENAI_API_KEY: 'k' };
  const first = chooseAgent({ agents: [gpt] }, env);
  assert.ok(first.kind === 'agent');
  assert.equal(chooseAgent({ agents: [explore, { ...gpt }] }, { ...env }, 'gpt'), first);
  assert.notEqual(chooseAgent({ agents: [{ ...gpt, model: 'gpt-6' }] }, env), first);
  assert.notEqual(chooseAgent({ agents: [gpt] }, { OPENAI_API_KEY: 'other' }), first);
});
