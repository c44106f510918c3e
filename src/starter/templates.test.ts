import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from 'js-yaml';
import { parseContract } from '../protocol/contract-file.ts';
import { UsageError } from './errors.ts';
import { contractText, withAgent, withBudget, withNoise, workflowText } from './templates.ts';

const values = {
  editable: ['train.py', 'models/gpt 2.py'],
  metric: 'accuracy',
  goal: 'maximize',
  budget: '90s',
  base: 'trunk',
  brief: 'docs/brief.md',
};

function contractOf(text: string) {
  const parsed = parseContract(text);
  assert.ok(parsed.kind === 'contract', JSON.stringify(parsed));
  return parsed.contract;
}

/** The step of a workflow that measures. */
function stepOf(text: string) {
  const workflow = load(text) as {
    jobs: { trial: { steps: { uses?: string; with?: Record<string, string> }[] } };
  };
  return workflow.jobs.trial.steps.find(step => step.uses?.includes('autoresearch-bot'));
}

test('init writes a contract with the given values', () => {
  const contract = contractOf(contractText(values));
  assert.deepEqual(contract.editable, values.editable);
  assert.deepEqual(contract.metric, { name: 'accuracy', goal: 'maximize' });
  assert.equal(contract.base, 'trunk');
  assert.equal(contract.brief, 'docs/brief.md');
  assert.equal(contract.trial.budget, 90);
  assert.ok(contract.trial.timeout > 90, 'there is time for start-up and scoring');
});

test('init writes where the number is read from', () => {
  const pattern = String.raw`p99 "of" (\S+) ms # not a comment`;
  assert.equal(contractOf(contractText({ ...values, pattern })).metric.pattern, pattern);
  const file = { file: 'out/result.json', key: 'runs.0.p99' };
  assert.deepEqual(contractOf(contractText({ ...values, ...file })).metric, {
    name: 'accuracy',
    goal: 'maximize',
    ...file,
  });
  assert.doesNotMatch(contractText(values), /referee/, 'the referee belongs to this repository');
});

test('a name that YAML would read as another type is quoted', () => {
  assert.equal(contractOf(contractText({ ...values, base: '1.0' })).base, '1.0');
  assert.equal(contractOf(contractText({ ...values, metric: 'no' })).metric.name, 'no');
});

test('the demo changes the budget, the noise and the agent of the contract, and nothing else', () => {
  const before = contractText(values);
  const after = contractOf(withAgent(withNoise(withBudget(before, '4s'), 0.02), 'gpt-5'));
  assert.equal(after.gate.noise, 0.02);
  assert.equal(after.trial.budget, 4);
  assert.deepEqual(after.agents, [{ name: 'model', use: 'openai', model: 'gpt-5', timeout: 300 }]);
  assert.deepEqual(after.limits, contractOf(before).limits);
});

test('init writes a workflow that uses the published action and the given command', () => {
  const command = 'python3 train.py --name "a b" # not a comment';
  const step = stepOf(workflowText({ action: 'octo/autoresearch-bot@v1', command }));
  assert.equal(step?.uses, 'octo/autoresearch-bot@v1');
  assert.equal(step?.with?.command, command);
  assert.ok(step?.with?.['candidate-sha'], 'the other inputs are still there');
});

test('init writes a workflow with the paths that the candidate may read', () => {
  const readable = ['~/.cache/autoresearch', '/data/a b'];
  const text = workflowText({ action: 'octo/autoresearch-bot@v1', command: 'true', readable });
  assert.deepEqual(stepOf(text)?.with?.readable?.trim().split('\n'), readable);
  for (const wrong of ['data', '/a\nb', '/a$' + '{{ secrets.TOKEN }}'])
    assert.throws(
      () => workflowText({ action: 'octo/autoresearch-bot@v1', command: 'true', readable: [wrong] }),
      UsageError,
    );
});

test('a command cannot smuggle expressions or lines into the workflow', () => {
  const evil = ['a\nb', 'echo $' + '{{ secrets.TOKEN }}', '  '];
  for (const command of evil)
    assert.throws(() => workflowText({ action: 'octo/autoresearch-bot@v1', command }), UsageError);
  assert.throws(() => workflowText({ action: 'not an action', command: 'true' }), UsageError);
});
