import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AgentConfig } from '../protocol/agents.ts';
import { type AgentEnv, chooseAgent } from './create.ts';

const gpt: AgentConfig = { name: 'gpt', use: 'openai', model: 'gpt-5' };
const explore: AgentConfig = { name: 'explore', use: 'explore' };

function choice(agents: AgentConfig[], env: AgentEnv, wanted?: string): string {
  const chosen = chooseAgent({ agents }, env, wanted);
  return chosen.kind === 'agent' ? chosen.agent.name : chosen.message;
}

test('the first agent of the contract thinks, unless another one is asked for', () => {
  assert.equal(choice([explore, gpt], {}), 'explore');
  assert.equal(choice([explore, gpt], { OPENAI_API_KEY: 'k' }, 'gpt'), 'gpt');
});

test('an agent that the contract does not have is a problem that names those it has', () => {
  assert.match(choice([explore, gpt], {}, 'claude'), /no agent named `claude`; it has explore, gpt\./);
  assert.match(
    choice([explore], {}, '@org/team'),
    /named `@org\/team`;/,
    'shown in a comment, it notifies nobody',
  );
});

test('a model without a key is a problem that says what to set; a server of one’s own needs none', () => {
  assert.match(choice([gpt, explore], {}), /gpt asks `gpt-5`.*set OPENAI_API_KEY.*OPENAI_BASE_URL/);
  assert.match(choice([gpt], { OPENAI_API_KEY: ' ' }), /OPENAI_API_KEY/);
  assert.equal(choice([gpt], { OPENAI_BASE_URL: 'http://localhost:11434/v1' }), 'gpt');
});
