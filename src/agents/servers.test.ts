/** What real servers answer, by their sources and by reports of people who met it. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { LedgerLine, Proposal, ProposalRequest } from './agent.ts';
import { openaiAgent } from './openai.ts';
import { type Answer, type ScriptedRequest, startScriptedOpenAI } from './scripted-openai.test-helper.ts';

const never = new AbortController().signal;
const request: ProposalRequest = {
  number: 4,
  brief: '',
  metric: { name: 'val_bpb', goal: 'minimize' },
  guards: [],
  budgetSeconds: 300,
  files: new Map([['src/train.py', 'LR = 0.5\nSTEPS = 3\n']]),
  championValue: 0.9712,
  ledger: [],
  again: null,
  wish: null,
  topic: '',
  objection: async () => null,
};
const IDEA = {
  title: 'a higher rate',
  hypothesis: 'It should help.',
  edits: [{ path: 'src/train.py', search: 'LR = 0.5', replace: 'LR = 0.6' }],
};
const good = JSON.stringify(IDEA);

async function scripted(
  t: TestContext,
  answers: (Answer | ((sent: ScriptedRequest) => Answer))[],
  timeout = 30,
) {
  const server = await startScriptedOpenAI(answers);
  t.after(() => server.close());
  const waits: number[] = [];
  const agent = openaiAgent(
    { name: 'gpt', model: 'm', price: { input: 2, output: 10 }, timeout },
    { apiKey: 'sk-1', baseURL: server.baseURL, sleep: async ms => waits.push(ms) },
  );
  const propose = (more: Partial<ProposalRequest> = {}) => agent.propose({ ...request, ...more }, never);
  return { propose, waits, requests: server.requests };
}

function reasonOf(proposal: Proposal): string {
  return proposal.kind === 'failed' ? proposal.reason : proposal.kind;
}

const choice = (message: object, more: object = {}) => ({
  index: 0,
  message: { role: 'assistant', ...message },
  finish_reason: 'stop',
  ...more,
});
const USAGE = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
const chat = (choices: object[], usage: unknown = USAGE): Answer => ({
  body: { id: 'x', object: 'chat.completion', choices, usage },
});

test('a text in parts is joined without its thinking, a tool call counts as text, and streams are read', async t => {
  const delta = (content: string, finish_reason: string | null = null) => ({
    choices: [{ index: 0, delta: { content }, finish_reason }],
  });
  const answers: Record<string, Answer> = {
    // Mistral's Magistral: docs.mistral.ai, capabilities/reasoning.
    'thinking and text': chat([
      choice({
        content: [
          { type: 'thinking', thinking: [{ type: 'text', text: 'hm {"edits": 3}' }] },
          { type: 'text', text: good.slice(0, 40) },
          { type: 'text', text: good.slice(40) },
        ],
      }),
    ]),
    'a tool call': chat([
      choice(
        {
          content: null,
          tool_calls: [{ id: '1', type: 'function', function: { name: 'e', arguments: good } }],
        },
        { finish_reason: 'tool_calls' },
      ),
    ]),
    'a stream as JSON': { body: `data: ${JSON.stringify(delta(good, 'stop'))}\n\ndata: [DONE]\n\n` },
    'a stream that does not say how it ended': { events: [delta(good), '[DONE]'] },
    // OpenRouter keeps connections open with comments: openrouter.ai/docs/api/reference/streaming.
    'comments in a stream': {
      events: [
        ': OPENROUTER PROCESSING',
        delta(good.slice(0, 9)),
        ': ping',
        delta(good.slice(9), 'stop'),
        '[DONE]',
      ],
    },
  };
  for (const [name, answer] of Object.entries(answers)) {
    const { propose, requests } = await scripted(t, [answer]);
    const proposal = await propose();
    assert.equal(proposal.kind, 'idea', `${name}: ${reasonOf(proposal)}`);
    assert.equal(requests.length, 1, name);
  }
});

test('tokens that a server does not count, or counts as 0, are unknown', async t => {
  const message = [choice({ content: good })];
  const cases: [unknown, number | null][] = [
    [USAGE, 70],
    [{ prompt_tokens: '10', completion_tokens: '5' }, 70],
    [{}, null],
    [null, null],
    [{ prompt_tokens: 10, completion_tokens: null }, null],
    [{ prompt_tokens: -1, completion_tokens: -1 }, null],
    [{ prompt_tokens: 10.5, completion_tokens: 5 }, null],
    [{ prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }, null],
  ];
  for (const [usage, millionths] of cases) {
    const { propose } = await scripted(t, [chat(message, usage)]);
    const { kind, cost } = await propose();
    assert.deepEqual(
      [kind, cost.usd && Math.round(cost.usd * 1e6)],
      ['idea', millionths],
      JSON.stringify(usage),
    );
  }
});

test('an error inside a 200 is told in the server’s words, and retried if it is about load', async t => {
  const cases: [Answer, RegExp, number][] = [
    [
      { body: { error: { message: 'overloaded', type: 'overloaded_error', code: 529 } } },
      /\(529\): overloaded$/,
      5,
    ],
    [
      { body: { choices: [], error: { message: 'Provider returned error', code: 502 } } },
      /Provider returned error/,
      5,
    ],
    [
      chat([
        choice({ content: '' }, { error: { message: 'Upstream idle', code: 504 }, finish_reason: 'error' }),
      ]),
      /Upstream idle/,
      5,
    ],
    // An error in the middle of a stream, as vLLM, SGLang and OpenAI send it: github.com/block/goose/pull/8031.
    [{ events: [{ error: { message: 'out of blocks', code: 400 } }] }, /\(400\): out of blocks/, 2],
    [{ events: [{ object: 'error', message: 'no slot', code: 503 }] }, /\(503\): no slot/, 5],
    [
      { body: '<html><head><title>Sign in</title></head></html>', type: 'text/html' },
      /found a web page, "Sign in"/,
      1,
    ],
    [{ body: '' }, /an empty answer/, 1],
    [{ body: '{"choices": [{"mess' }, /in the middle of its answer/, 5],
    [{ events: [{ choices: [{ index: 0, delta: { role: 'assistant' } }] }] }, /stopped before the answer/, 5],
  ];
  for (const [answer, said, count] of cases) {
    const { propose, requests } = await scripted(t, [answer]);
    assert.match(reasonOf(await propose()), said);
    assert.equal(requests.length, count, String(said));
  }
});

test('the words of an error are shown whatever their form', async t => {
  const cases: [Answer, RegExp][] = [
    [
      { status: 404, body: { error: { message: 'model "x" not found, try pulling it first' } } },
      /has no m .*: model "x" not found, try/,
    ],
    [
      { status: 404, body: '<html>404 page not found</html>' },
      /\(404\): a web page\. .*usually ends in \/v1/,
    ],
    // vLLM without an envelope: github.com/HKUSTDial/Alpha-SQL/issues/5.
    [
      { status: 400, body: { object: 'error', message: 'unknown role', type: 'BadRequestError', code: 400 } },
      /unknown role/,
    ],
    [{ status: 422, body: { detail: [{ loc: ['body'], msg: 'field required' }] } }, /field required/],
    [
      {
        status: 400,
        body: [{ error: { code: 400, message: 'API key not valid', status: 'INVALID_ARGUMENT' } }],
      },
      /API key not valid/,
    ],
    [
      { status: 403, body: { error: { message: 'Country, region, or territory not supported' } } },
      /does not allow this \(403\): Country/,
    ],
    [
      { status: 301, headers: { location: 'https://elsewhere.invalid/v1' }, body: '' },
      /redirects elsewhere \(301\): to elsewhere\.invalid/,
    ],
  ];
  for (const [answer, said] of cases) {
    const { propose } = await scripted(t, [answer]);
    assert.match(reasonOf(await propose()), said);
  }
});

test('a server that stumbles over the schema with a 500 is asked once without, and never with it again', async t => {
  const grammar = (sent: ScriptedRequest): Answer =>
    sent.response_format
      ? {
          status: 500,
          body: { error: { message: 'failed to parse grammar', type: 'server_error', code: 500 } },
        }
      : good;
  const { propose, requests, waits } = await scripted(t, [grammar]);
  assert.equal((await propose()).kind, 'idea');
  assert.equal((await propose()).kind, 'idea');
  assert.deepEqual(
    requests.map(sent => sent.response_format !== undefined),
    [true, false, false],
  );
  assert.deepEqual(waits, []);
});

test('a server that may not stream is asked for the whole answer', async t => {
  // OpenAI, for organizations that are not verified.
  const message = 'Your organization must be verified to stream this model';
  const { propose, requests } = await scripted(t, [
    sent => (sent.stream ? { status: 400, message, code: 'unsupported_value' } : good),
  ]);
  assert.equal((await propose()).kind, 'idea');
  assert.equal((await propose()).kind, 'idea');
  assert.deepEqual(
    requests.map(sent => sent.stream === true),
    [true, false, false],
  );
});

test('a model that only the Responses API knows is asked there, and its tokens count', async t => {
  for (const message of [
    // github.com/n8n-io/n8n/issues/18352 and github.com/micz/ThunderAI/issues/570
    'This model is only supported in v1/responses and not in v1/chat/completions.',
    'This is not a chat model and thus not supported in the v1/chat/completions endpoint. Did you mean to use v1/completions?',
  ]) {
    const { propose, requests } = await scripted(t, [
      sent =>
        sent.path === '/v1/responses'
          ? { text: good, usage: { input: 1500, output: 200 } }
          : { status: 404, message },
    ]);
    const proposal = await propose();
    assert.equal(proposal.kind, 'idea', reasonOf(proposal));
    assert.deepEqual(proposal.cost, { calls: 2, inputTokens: 1500, outputTokens: 200, usd: 0.005 });
    await propose();
    assert.deepEqual(
      requests.map(sent => sent.path),
      ['/v1/chat/completions', '/v1/responses', '/v1/responses'],
    );
    assert.ok(requests[1]?.response_format);
  }
  const cut = await scripted(t, [
    sent =>
      sent.path !== '/v1/responses'
        ? { status: 404, message: 'use v1/responses' }
        : sent.messages.length === 2
          ? { text: good.slice(0, 50), finish: 'length' }
          : good,
  ]);
  assert.equal((await cut.propose()).kind, 'idea');
  assert.match(cut.requests.at(-1)?.messages.at(-1)?.content ?? '', /cut off at the length limit/);
});

test('an answer of reasoning alone is told, and never sent back as an empty message', async t => {
  const thought: Answer = { text: '', reasoning: 'I would raise the rate a little, because …' };
  const { propose, requests } = await scripted(t, [thought, good]);
  assert.equal((await propose()).kind, 'idea');
  assert.match(requests[1]?.messages.at(-1)?.content ?? '', /the answer is empty: everything was reasoning/);
  assert.deepEqual(
    requests[1]?.messages.map(({ role }) => role),
    ['system', 'user'],
  );
  const stubborn = await scripted(t, [thought]);
  assert.match(reasonOf(await stubborn.propose()), /in 2 answers\. Last problem: the answer is empty/);
  assert.equal(stubborn.requests.length, 2);
  const endless = await scripted(t, [{ text: '', reasoning: 'on and on', finish: 'length' }]);
  assert.match(reasonOf(await endless.propose()), /everything was reasoning\. Raise the output limit/);
  assert.equal(endless.requests.length, 1);
});

test('an answer that a filter stopped, and an account without credit, cost one call', async t => {
  const cases: [Answer, RegExp][] = [
    [{ text: null, finish: 'content_filter' }, /stopped by the server's content filter/],
    // github.com/ChatGPTNextWeb/NextChat/issues/1792: the type says it, the code does not.
    [
      {
        status: 429,
        body: {
          error: {
            message: 'You exceeded your current quota, please check your plan and billing details.',
            type: 'insufficient_quota',
            code: null,
          },
        },
      },
      /no credit left: You exceeded your current quota/,
    ],
    [
      { status: 402, message: 'Insufficient credits. Add more' },
      /no credit left: Insufficient credits\. Add more/,
    ],
    [
      { status: 429, message: 'litellm.RateLimitError: OpenAIException - insufficient_quota' },
      /no credit left: litellm\.RateLimitError/,
    ],
    [{ status: 400, message: 'Your credit balance is too low to access the API' }, /no credit left/],
  ];
  for (const [answer, said] of cases) {
    const { propose, requests, waits } = await scripted(t, [answer]);
    assert.match(reasonOf(await propose()), said);
    assert.deepEqual([requests.length, waits.length], [1, 0], String(said));
  }
});

function past(number: number): LedgerLine {
  return {
    number,
    title: `idea ${number}`,
    hypothesis: 'It should help. '.repeat(20),
    edits: IDEA.edits,
    status: 'closed',
    value: 0.98,
    championValue: 0.97,
    note: '',
  };
}

test('a prompt that is too long is sent again with half of the ledger, whatever the server calls it', async t => {
  const ledger = Array.from({ length: 60 }, (_, i) => past(i + 1));
  const errors: Answer[] = [
    // llama.cpp, tools/server/server-context.cpp
    {
      status: 400,
      body: {
        error: {
          code: 400,
          message:
            'request (13392 tokens) exceeds the available context size (8192 tokens), try increasing it',
          type: 'exceed_context_size_error',
          n_prompt_tokens: 13392,
          n_ctx: 8192,
        },
      },
    },
    {
      status: 400,
      message: "This model's maximum context length is 8192 tokens. However, you requested 20000 tokens",
      code: 'context_length_exceeded',
    },
    // vLLM: github.com/HKUSTDial/Alpha-SQL/issues/5
    {
      status: 400,
      body: {
        object: 'error',
        message: "This model's maximum context length is 32768 tokens. However, you requested 41648 tokens",
        type: 'BadRequestError',
        code: 400,
      },
    },
    // LiteLLM: github.com/BerriAI/litellm/issues/18927
    { status: 500, message: 'litellm.ContextWindowExceededError: Input tokens exceed the configured limit' },
    { status: 413, message: 'Request too large for model: limit 8000, requested 20000' },
    { status: 400, message: 'prompt is too long: 210000 tokens > 200000 maximum' },
    { body: { error: { message: 'the input length exceeds the context length', code: 400 } } },
  ];
  for (const error of errors) {
    const { propose, requests } = await scripted(t, [
      sent => ((sent.messages[1]?.content.length ?? 0) > 10_000 ? error : good),
    ]);
    const proposal = await propose({ ledger });
    assert.equal(proposal.kind, 'idea', reasonOf(proposal));
    const lengths = requests.map(sent => sent.messages[1]?.content.length ?? 0);
    assert.ok(lengths.length > 1 && (lengths.at(-1) ?? 0) <= 10_000, JSON.stringify(lengths));
    assert.match(requests.at(-1)?.messages[1]?.content ?? '', /"number":60/);
    assert.equal((await propose({ ledger })).kind, 'idea');
    assert.equal(requests.length, lengths.length + 1, 'the limit is remembered');
  }
  const tiny = await scripted(t, [errors[0] ?? good]);
  assert.match(
    reasonOf(await tiny.propose({ ledger: [] })),
    /too long for m, even without past experiments: request \(13392 tokens\)/,
  );
  assert.equal(tiny.requests.length, 1);
});

test('a slow model is waited for as long as tokens come; a silent one is given up at once, by that name', async t => {
  const delta = (content: string, finish_reason: string | null = null) => ({
    choices: [{ index: 0, delta: { content }, finish_reason }],
  });
  const pieces = Array.from({ length: 12 }, (_, i) =>
    delta(good.slice(i * 15, i === 11 ? undefined : i * 15 + 15)),
  );
  const slow = await scripted(t, [{ events: [...pieces, delta('', 'stop'), '[DONE]'], pauseMs: 100 }], 1);
  const proposal = await slow.propose();
  assert.equal(proposal.kind, 'idea', reasonOf(proposal));
  for (const answer of [
    { hang: true },
    { events: [delta('{"title'), ': ping', ': ping'], pauseMs: 50, hang: true },
  ] satisfies Answer[]) {
    const silent = await scripted(t, [answer], 0.5);
    const failed = await silent.propose();
    assert.match(reasonOf(failed), /timed out: it sent nothing for 0\.5 s, the agent's `timeout`\. Raise it/);
    assert.deepEqual([silent.requests.length, silent.waits.length, failed.cost.usd], [1, 0, null]);
  }
});

test('retries together take no longer than the timeout', async t => {
  const { propose, requests, waits } = await scripted(t, [{ status: 503 }], 2.5);
  assert.match(reasonOf(await propose()), /\(503\)/);
  assert.deepEqual([requests.length, waits], [3, [1000, 2000]]);
});

test('the answer’s schema names the files that may be edited, and the example is one of them', async t => {
  const { propose, requests } = await scripted(t, [good.replace('src/train.py', './src/train.py')]);
  const proposal = await propose();
  assert.equal(proposal.kind, 'idea', reasonOf(proposal));
  const format = JSON.stringify(requests[0]?.response_format);
  assert.match(format, /"path":\{"type":"string","enum":\["src\/train\.py"\]\}/);
  assert.match(requests[0]?.messages[0]?.content ?? '', /"edits": \[\{"path": "src\/train\.py", "search"/);
  const copied = await scripted(t, [good.replace('src/train.py', '…')]);
  assert.equal((await copied.propose()).kind, 'idea');
});

test('edits that change nothing that runs are told back before a trial is spent on them', async t => {
  const idle = (replace: string) => JSON.stringify({ ...IDEA, edits: [{ ...IDEA.edits[0], replace }] });
  for (const replace of ['LR = 0.50', 'LR = 5e-1', 'LR = 0.5  # the learning rate', '\nLR = 0.5']) {
    const { propose, requests } = await scripted(t, [idle(replace), good]);
    assert.equal((await propose()).kind, 'idea');
    assert.match(requests[1]?.messages.at(-1)?.content ?? '', /the edits change nothing that runs/, replace);
  }
});
