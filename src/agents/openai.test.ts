import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Idea } from '../campaign/idea.ts';
import { isVisible } from '../protocol/visible.ts';
import type { Proposal, ProposalRequest } from './agent.ts';
import { openaiAgent } from './openai.ts';
import { type Answer, type ScriptedRequest, startScriptedOpenAI } from './scripted-openai.test-helper.ts';

const KEY = 'sk-test-1234567890';
const never = new AbortController().signal;
const train = 'DEPTH = 8\nMATRIX_LR = 0.02\n';
const request: ProposalRequest = {
  number: 4,
  brief: 'Make the model better.',
  metric: { name: 'val_bpb', goal: 'minimize' },
  guards: [],
  budgetSeconds: 300,
  files: new Map([['train.py', train]]),
  championValue: 0.9712,
  ledger: [],
  again: null,
  wish: null,
  topic: '',
  objection: async () => null,
};

function idea(search: string, replace: string, path = 'train.py'): Idea {
  return { title: 'a change', hypothesis: 'It should help.', edits: [{ path, search, replace }] };
}

const good = JSON.stringify(idea('DEPTH = 8', 'DEPTH = 9'));

/** An agent at a scripted endpoint. Waits between retries are recorded and skipped. */
async function scripted(t: TestContext, answers: (Answer | ((request: ScriptedRequest) => Answer))[]) {
  const server = await startScriptedOpenAI(answers);
  t.after(() => server.close());
  const waits: number[] = [];
  const sleep = async (ms: number) => waits.push(ms);
  const config = { name: 'gpt', model: 'gpt-5', price: { input: 2, output: 10 }, timeout: 300 };
  const agent = openaiAgent(config, { apiKey: KEY, baseURL: server.baseURL, sleep });
  return { agent, waits, requests: server.requests, server };
}

function failure(proposal: Proposal): string {
  assert.equal(proposal.kind, 'failed');
  const reason = proposal.kind === 'failed' ? proposal.reason : '';
  assert.ok(!reason.includes(KEY), 'the key is never shown');
  return reason;
}

function lastMessage(sent: ScriptedRequest | undefined): string {
  return sent?.messages.at(-1)?.content ?? '';
}

test('a good answer becomes an idea with the new text of the changed file and its cost', async t => {
  const { agent, requests } = await scripted(t, [{ text: good, usage: { input: 1500, output: 200 } }]);
  const proposal = await agent.propose(request, never);
  assert.deepEqual(proposal, {
    kind: 'idea',
    idea: { ...idea('DEPTH = 8', 'DEPTH = 9'), title: 'DEPTH 8 → 9' },
    files: new Map([['train.py', 'DEPTH = 9\nMATRIX_LR = 0.02\n']]),
    cost: { calls: 1, inputTokens: 1500, outputTokens: 200, usd: 0.005 },
  });
  assert.equal(requests[0]?.model, 'gpt-5');
  assert.equal(requests[0]?.authorization, `Bearer ${KEY}`);
  assert.equal(requests[0]?.response_format?.type, 'json_schema');
  assert.deepEqual(
    requests[0]?.messages.map(({ role }) => role),
    ['system', 'user'],
  );
});

test('an idea is found in a fence and after prose', async t => {
  const aloud = `<think>Maybe {"title": "no"} or {depth}?</think>\nHere it is:\n\`\`\`json\n${good}\n\`\`\`\nGood luck!`;
  const { agent } = await scripted(t, [aloud]);
  assert.equal((await agent.propose(request, never)).kind, 'idea');
});

test('a long title is trimmed to one line, not refused', async t => {
  const title = `Deeper\u0007 model\n${'very '.repeat(40)}\u202e`;
  const { agent } = await scripted(t, [
    JSON.stringify({ ...idea('DEPTH = 8', 'DEPTH = 8\nX = f()'), title }),
  ]);
  const proposal = await agent.propose(request, never);
  assert.ok(proposal.kind === 'idea');
  assert.ok(proposal.idea.title.length <= 80);
  assert.match(proposal.idea.title, /^Deeper model very very [\w ]+…$/);
});

test('a bad edit is reported to the model in the same conversation, and then fixed', async t => {
  const bad = JSON.stringify(idea('DEPTH = 7', 'DEPTH = 9'));
  const { agent, requests } = await scripted(t, [bad, good]);
  const proposal = await agent.propose(request, never);
  assert.ok(proposal.kind === 'idea');
  assert.deepEqual(proposal.cost, { calls: 2, inputTokens: 2000, outputTokens: 200, usd: 0.006 });
  assert.deepEqual(
    requests[1]?.messages.map(({ role }) => role),
    ['system', 'user', 'assistant', 'user'],
  );
  assert.equal(requests[1]?.messages[2]?.content, bad);
  assert.match(
    lastMessage(requests[1]),
    /search does not occur in the file.*the closest is line 1, "DEPTH = 8"/,
  );
});

test('whatever is wrong with an answer is reported to the model', async t => {
  const cases: [Answer, RegExp][] = [
    ['I would rather not.', /expected one JSON object, found none/],
    ['{"title": "x", "edits": []}', /edits/],
    [JSON.stringify(idea('8', '9', 'referee.py')), /"referee.py".*not editable; editable paths: train.py/],
    [JSON.stringify(idea('=', '!=')), /occurs 2 times, at lines 1, 2/],
    [
      JSON.stringify(idea('DEPTH', 'WIDTH')).replace('DEPTH', 'DEP'),
      /occurs only as a part of something longer: line 1 is/,
    ],
    [JSON.stringify(idea('DEPTH = 8', 'DEPTH = (8')), /syntax error in train\.py: line 1/],
    [JSON.stringify(idea('DEPTH = 8', 'DEPTH = 8')), /change nothing/],
    [{ text: good.slice(0, 40), finish: 'length' }, /cut off/],
    [{ text: null, refusal: 'I cannot help with that.' }, /found none/],
  ];
  for (const [answer, told] of cases) {
    const { agent, requests } = await scripted(t, [answer, good]);
    assert.equal((await agent.propose(request, never)).kind, 'idea');
    assert.match(lastMessage(requests[1]), told);
  }
});

test('an objection, such as a repeated idea, is reported like any other problem', async t => {
  const other = JSON.stringify(idea('DEPTH = 8', 'DEPTH = 10'));
  const { agent, requests } = await scripted(t, [good, other]);
  const asked: string[] = [];
  const objection = async (_idea: Idea, files: ReadonlyMap<string, string>) => {
    asked.push(files.get('train.py') ?? '');
    return asked.length === 1 ? 'this tree was measured in experiment 3' : null;
  };
  const proposal = await agent.propose({ ...request, objection }, never);
  assert.ok(proposal.kind === 'idea' && proposal.files.get('train.py')?.startsWith('DEPTH = 10\n'));
  assert.match(lastMessage(requests[1]), /measured in experiment 3/);
  assert.match(asked[0] ?? '', /^DEPTH = 9\n/);
});

test('after three corrections the proposal has failed, and its cost is counted', async t => {
  const { agent, requests } = await scripted(t, ['nonsense']);
  const proposal = await agent.propose(request, never);
  assert.match(
    failure(proposal),
    /^gpt-5 gave no usable idea in 4 answers\. Last problem: expected one JSON object, found none$/,
  );
  assert.equal(requests.length, 4);
  assert.deepEqual(proposal.cost, { calls: 4, inputTokens: 4000, outputTokens: 400, usd: 0.012 });
});

test('a syntax error that the champion already has does not count against the change', async t => {
  const files = new Map([['train.py', 'DEPTH = 8\nsome newer python\n']]);
  const { agent } = await scripted(t, [good]);
  assert.equal((await agent.propose({ ...request, files }, never)).kind, 'idea');
});

test('after a 429, the agent waits as long as the server asks', async t => {
  const { agent, waits } = await scripted(t, [{ status: 429, retryAfter: '7' }, good]);
  const proposal = await agent.propose(request, never);
  assert.equal(proposal.kind, 'idea');
  assert.deepEqual(waits, [7000]);
  assert.equal(proposal.cost.calls, 2);
});

test('a server that asks for an hour is not waited for', async t => {
  const { agent, waits } = await scripted(t, [
    { status: 429, retryAfter: '3600', message: 'come back later' },
  ]);
  assert.match(
    failure(await agent.propose(request, never)),
    /answered with an error \(429\): come back later/,
  );
  assert.deepEqual(waits, []);
});

test('an account without credit fails at once', async t => {
  const { agent, waits } = await scripted(t, [{ status: 429, code: 'insufficient_quota' }]);
  assert.match(failure(await agent.propose(request, never)), /no credit left/);
  assert.deepEqual(waits, []);
});

test('server errors are retried with growing pauses', async t => {
  const { agent, waits } = await scripted(t, [{ status: 504 }, { status: 503 }, { status: 502 }, good]);
  assert.equal((await agent.propose(request, never)).kind, 'idea');
  assert.deepEqual(waits, [1000, 2000, 4000]);
});

test('what an endpoint or a model says reaches people without what acts on their screens', async t => {
  const hostile = '\u001b[2J\u202ethgir\u0000';
  const refused = await scripted(t, [{ status: 418, message: `no tea ${hostile}` }]);
  assert.match(failure(await refused.agent.propose(request, never)), /no tea thgir/);
  const edit = { path: `train.py${hostile}`, search: 'DEPTH = 8', replace: 'DEPTH = 9' };
  const answer = JSON.stringify({ title: 'a', hypothesis: `It ${hostile}\ncan help.\ud83d`, edits: [edit] });
  const failed = await scripted(t, [answer]);
  const reason = failure(await failed.agent.propose(request, never));
  assert.ok(isVisible(reason), JSON.stringify(reason));
  const edits = [{ ...edit, path: 'train.py', replace: 'DEPTH = f()' }];
  const good = await scripted(t, [
    JSON.stringify({ title: hostile, hypothesis: `It ${hostile}\nhelps.\ud83d`, edits }),
  ]);
  const proposal = await good.agent.propose(request, never);
  assert.ok(proposal.kind === 'idea');
  assert.deepEqual([proposal.idea.title, proposal.idea.hypothesis], ['thgir', 'It thgir\nhelps.\ufffd']);
});

test('a server that never recovers is given up after five tries', async t => {
  const { agent, requests } = await scripted(t, [{ status: 500, message: `overloaded, ${KEY}` }]);
  assert.match(failure(await agent.propose(request, never)), /\(500\): overloaded, \*\*\*/);
  assert.equal(requests.length, 6, 'five tries, and one without the schema, which an error may be about');
});

test('an unreachable endpoint is named', async t => {
  const { agent, server } = await scripted(t, [good]);
  await server.close();
  assert.match(
    failure(await agent.propose(request, never)),
    /127\.0\.0\.1:\d+ cannot be reached \(connect ECONNREFUSED.*OPENAI_BASE_URL/,
  );
});

test('a reason contains neither an invalid key nor the password in an address', async () => {
  const sleep = async () => {};
  const broken = openaiAgent(
    { name: 'gpt', model: 'm', timeout: 300 },
    { apiKey: `${KEY}\nx`, baseURL: 'http://127.0.0.1:9/v1', sleep },
  );
  assert.match(failure(await broken.propose(request, never)), /could not be sent: .*\*\*\*/);
  const password = openaiAgent(
    { name: 'gpt', model: 'm', timeout: 300 },
    { apiKey: KEY, baseURL: 'http://me:secret@127.0.0.1:9/v1', sleep },
  );
  assert.doesNotMatch(failure(await password.propose(request, never)), /secret/);
});

test('a rejected key, a forbidden model and an unknown model fail at once, with what to do and without the key', async t => {
  const cases: [number, RegExp][] = [
    [401, /rejected the key \(401\): wrong: \*\*\*\. Set OPENAI_API_KEY/],
    [403, /does not allow this \(403\): wrong: \*\*\*\. Grant the key access to gpt-5/],
    [404, /has no gpt-5 at this address \(404\): wrong: \*\*\*\. Check the agent's model/],
  ];
  for (const [status, said] of cases) {
    const { agent, requests } = await scripted(t, [{ status, message: `wrong: ${KEY}` }]);
    const proposal = await agent.propose(request, never);
    assert.match(failure(proposal), said);
    assert.equal(requests.length, 1);
    assert.deepEqual(proposal.cost, { calls: 1, inputTokens: 0, outputTokens: 0, usd: 0 });
  }
});

test('an endpoint that rejects the response format is asked without it from then on', async t => {
  const refusesFormat = (sent: ScriptedRequest): Answer =>
    sent.response_format ? { status: 400, message: 'response_format is not supported' } : good;
  const { agent, requests } = await scripted(t, [refusesFormat]);
  assert.equal((await agent.propose(request, never)).kind, 'idea');
  assert.equal((await agent.propose(request, never)).kind, 'idea');
  assert.deepEqual(
    requests.map(sent => sent.response_format !== undefined),
    [true, false, false],
  );
});

test('a request that is rejected without the format too says nothing about the format', async t => {
  const odd: Answer = { status: 400, message: 'unknown role: system' };
  const { agent, requests } = await scripted(t, [odd, odd, good]);
  assert.match(failure(await agent.propose(request, never)), /\(400\): unknown role: system/);
  assert.equal(requests.length, 2);
  await agent.propose(request, never);
  assert.ok(requests[2]?.response_format);
});

test('an answer that is not a chat completion points at the address; uncounted tokens leave the cost unknown', async t => {
  const page = await scripted(t, [{ body: { hello: 'world' } }]);
  const proposal = await page.agent.propose(request, never);
  assert.match(
    failure(proposal),
    /expected a chat completion, found JSON with the keys hello\. Check that OPENAI_BASE_URL/,
  );
  assert.equal(proposal.cost.usd, null);
  const uncounted = await scripted(t, [{ text: good, usage: null }]);
  const { cost } = await uncounted.agent.propose(request, never);
  assert.deepEqual(cost, { calls: 1, inputTokens: 0, outputTokens: 0, usd: null });
});

test('a proposal aborted during its first answer throws; one aborted between retries reports its cost so far', async t => {
  const controller = new AbortController();
  const hanging = await scripted(t, [
    () => {
      setImmediate(() => controller.abort(new Error('stopped')));
      return { hang: true };
    },
  ]);
  await assert.rejects(hanging.agent.propose(request, controller.signal), /stopped/);
  const { server, requests } = await scripted(t, [{ status: 503 }]);
  const waiting = new AbortController();
  const agent = openaiAgent(
    { name: 'gpt', model: 'm', timeout: 300 },
    {
      apiKey: KEY,
      baseURL: server.baseURL,
      sleep: async () => waiting.abort(new Error('stopped')),
    },
  );
  const proposal = await agent.propose(request, waiting.signal);
  assert.match(failure(proposal), /^cancelled before the answer was complete$/);
  assert.equal(proposal.cost.calls, 1);
  assert.equal(requests.length, 1);
});

test('an answer that was paid for counts, even if its correction is aborted', async t => {
  const controller = new AbortController();
  const { agent } = await scripted(t, [
    { text: 'no idea', usage: { input: 70, output: 9 } },
    () => {
      setImmediate(() => controller.abort(new Error('stopped')));
      return { hang: true };
    },
  ]);
  const { kind, cost } = await agent.propose(request, controller.signal);
  assert.deepEqual([kind, cost.calls, cost.inputTokens, cost.outputTokens], ['failed', 1, 70, 9]);
});

test('without a key a placeholder is sent, and without a price the cost is unknown', async t => {
  const { server, requests } = await scripted(t, [good]);
  const agent = openaiAgent(
    { name: 'local', model: 'llama', timeout: 300 },
    { apiKey: '', baseURL: server.baseURL },
  );
  const proposal = await agent.propose(request, never);
  assert.equal(proposal.kind, 'idea');
  assert.equal(proposal.cost.usd, null);
  assert.equal(requests[0]?.authorization, 'Bearer none');
});
