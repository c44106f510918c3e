/** An OpenAI-compatible endpoint for tests that answers from a script and rejects what the real one would reject. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

type Usage = { input: number; output: number } | null;

/** What the model answers, or what goes wrong instead. */
export type Answer =
  | string
  | { text: string | null; refusal?: string; reasoning?: string; finish?: string; usage?: Usage }
  /** An error; `body` is the whole body, where its form matters. */
  | {
      status: number;
      message?: string;
      code?: string;
      body?: unknown;
      retryAfter?: string;
      headers?: Record<string, string>;
    }
  /** Any body with status 200: JSON, or a text as it is. */
  | { body: unknown; type?: string }
  /** Events of a stream, each after a pause; without `[DONE]` unless it is among them. */
  | { events: readonly unknown[]; pauseMs?: number; hang?: true }
  /** No answer before the client gives up. */
  | { hang: true };

export type ScriptedRequest = z.infer<typeof requestSchema> & { authorization: string; path: string };

export interface ScriptedOpenAI {
  /** For OPENAI_BASE_URL. */
  baseURL: string;
  /** Valid requests so far, oldest first. */
  requests: ScriptedRequest[];
  close(): Promise<void>;
}

/** In strict mode, the real endpoint demands that every object requires all its keys and forbids others. */
const strictSchema: z.ZodType = z.lazy(() =>
  z.discriminatedUnion('type', [
    z
      .object({
        type: z.literal('object'),
        properties: z.record(z.string(), strictSchema),
        required: z.array(z.string()),
        additionalProperties: z.literal(false),
      })
      .refine(schema => Object.keys(schema.properties).every(key => schema.required.includes(key))),
    z.strictObject({ type: z.literal('array'), items: strictSchema }),
    z.strictObject({ type: z.literal('string'), enum: z.array(z.string()).min(1).optional() }),
    z.strictObject({ type: z.enum(['number', 'integer', 'boolean']) }),
  ]),
);

const formatSchema = z.strictObject({
  name: z.string().regex(/^[\w-]{1,64}$/),
  strict: z.literal(true),
  schema: strictSchema,
});
/** Many servers refuse empty messages, and models whose chat template wants the sides to take turns refuse two in a row. */
const messagesSchema = z
  .array(
    z.strictObject({
      role: z.enum(['system', 'developer', 'user', 'assistant']),
      content: z.string().min(1),
    }),
  )
  .min(1)
  .refine(messages => messages.every(({ role }, i) => role !== messages[i - 1]?.role));

const chatSchema = z.strictObject({
  model: z.string().min(1),
  messages: messagesSchema,
  stream: z.literal(true).optional(),
  stream_options: z.strictObject({ include_usage: z.literal(true) }).optional(),
  response_format: z
    .discriminatedUnion('type', [
      z.strictObject({ type: z.literal('text') }),
      z.strictObject({ type: z.literal('json_object') }),
      z.strictObject({ type: z.literal('json_schema'), json_schema: formatSchema }),
    ])
    .optional(),
});

/** The Responses API names the same things differently. */
const responsesSchema = z
  .strictObject({
    model: z.string().min(1),
    input: messagesSchema,
    stream: z.boolean(),
    store: z.literal(false),
    text: z
      .strictObject({
        format: formatSchema.extend({ type: z.literal('json_schema') }),
      })
      .optional(),
  })
  .transform(({ model, input, stream, text }) => ({
    model,
    messages: input,
    ...(stream && { stream: true as const }),
    ...(text && { response_format: { type: 'json_schema' as const, json_schema: text.format } }),
  }));

const PATHS = { '/v1/chat/completions': chatSchema, '/v1/responses': responsesSchema } as const;
const requestSchema = chatSchema;

/** Serves `answers` in order and repeats the last one. A function receives the request that it answers. */
export async function startScriptedOpenAI(
  answers: readonly (Answer | ((request: ScriptedRequest) => Answer))[],
): Promise<ScriptedOpenAI> {
  const requests: ScriptedRequest[] = [];
  const server = createServer(async (incoming, response) => {
    const request = await validated(incoming, response);
    if (request === null) return;
    const next = answers[Math.min(requests.length, answers.length - 1)] ?? { status: 500 };
    requests.push(request);
    await reply(response, request, typeof next === 'function' ? next(request) : next);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () =>
    new Promise<void>(resolve => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { baseURL: `http://127.0.0.1:${port}/v1`, requests, close };
}

/** The request; null if it is invalid and has been answered with an error. */
async function validated(
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<ScriptedRequest | null> {
  const authorization = incoming.headers.authorization ?? '';
  const { method, url = '' } = incoming;
  if (method !== 'POST' || !(url in PATHS))
    return fail(response, 404, `Unknown request URL: ${method} ${url}`);
  if (!/^Bearer \S+$/.test(authorization)) return fail(response, 401, 'No API key provided');
  const body = PATHS[url as keyof typeof PATHS].safeParse(JSON.parse(await readText(incoming)));
  if (!body.success) return fail(response, 400, z.prettifyError(body.error));
  return { ...body.data, authorization, path: url };
}

async function reply(response: ServerResponse, request: ScriptedRequest, answer: Answer): Promise<void> {
  if (typeof answer === 'string') return reply(response, request, { text: answer });
  if ('status' in answer) {
    if (answer.retryAfter !== undefined) response.setHeader('retry-after', answer.retryAfter);
    for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
    if (answer.body !== undefined) send(response, answer.status, answer.body);
    else fail(response, answer.status, answer.message ?? `scripted ${answer.status}`, answer.code);
  } else if ('body' in answer) send(response, 200, answer.body, answer.type);
  else if ('events' in answer) await sendEvents(response, answer);
  else if ('text' in answer) {
    if (request.path === '/v1/responses') await respond(response, request, answer);
    else if (request.stream) await sendEvents(response, { events: chunks(request, answer) });
    else send(response, 200, completion(request, answer));
  }
}

type Said = Extract<Answer, { text: unknown }>;

const ENVELOPE = { id: 'chatcmpl-scripted', created: 1_790_000_000 };

function completion(request: ScriptedRequest, answer: Said) {
  const { text, refusal = null, reasoning, finish = 'stop' } = answer;
  const thought = reasoning === undefined ? {} : { reasoning_content: reasoning };
  const message = { role: 'assistant', content: text, refusal, ...thought };
  return {
    ...ENVELOPE,
    object: 'chat.completion',
    model: request.model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: finish }],
    ...usageOf(answer),
  };
}

/** As the real endpoint streams: the role, the text in pieces, the end, and the usage in a chunk without choices. */
function chunks(request: ScriptedRequest, answer: Said): unknown[] {
  const { text, refusal, reasoning, finish = 'stop' } = answer;
  const chunk = (delta: object, finish_reason: string | null = null) => ({
    ...ENVELOPE,
    object: 'chat.completion.chunk',
    model: request.model,
    choices: [{ index: 0, delta, logprobs: null, finish_reason }],
  });
  const half = Math.ceil((text ?? '').length / 2);
  return [
    chunk({ role: 'assistant', content: '', refusal: null }),
    ...(reasoning === undefined ? [] : [chunk({ reasoning_content: reasoning })]),
    ...[text?.slice(0, half), text?.slice(half)].flatMap(content => (content ? [chunk({ content })] : [])),
    ...(refusal === undefined ? [] : [chunk({ refusal })]),
    chunk({}, finish),
    ...(answer.usage === null ? [] : [{ ...ENVELOPE, choices: [], ...usageOf(answer) }]),
    '[DONE]',
  ];
}

function usageOf({ usage = { input: 1000, output: 100 } }: Said): object {
  if (usage === null) return {};
  const { input, output } = usage;
  return {
    usage: { prompt_tokens: input, completion_tokens: output, total_tokens: input + output },
  };
}

async function respond(response: ServerResponse, request: ScriptedRequest, answer: Said): Promise<void> {
  const { text, finish = 'stop', usage = { input: 1000, output: 100 } } = answer;
  const whole = {
    id: 'resp_scripted',
    object: 'response',
    model: request.model,
    status: finish === 'stop' ? 'completed' : 'incomplete',
    error: null,
    incomplete_details: finish === 'stop' ? null : { reason: 'max_output_tokens' },
    output: [
      { type: 'reasoning', id: 'rs_1', summary: [] },
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text, annotations: [] }] },
    ],
    usage: usage && { input_tokens: usage.input, output_tokens: usage.output },
  };
  if (!request.stream) return send(response, 200, whole);
  const events = [
    { type: 'response.created', response: { ...whole, status: 'in_progress', output: [], usage: null } },
    { type: 'response.output_text.delta', item_id: 'msg_1', output_index: 1, delta: text },
    { type: `response.${whole.status}`, response: whole },
  ];
  await sendEvents(response, { events });
}

/** A text is an event as it is; `: …` is a comment, which keeps the connection open. */
async function sendEvents(
  response: ServerResponse,
  { events, pauseMs = 0, hang }: { events: readonly unknown[]; pauseMs?: number; hang?: true },
): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const event of events) {
    if (pauseMs > 0) await sleep(pauseMs);
    const data = typeof event === 'string' ? event : JSON.stringify(event);
    response.write(data.startsWith(':') ? `${data}\n\n` : `data: ${data}\n\n`);
  }
  if (!hang) response.end();
}

function fail(response: ServerResponse, status: number, message: string, code: string | null = null): null {
  const type = status < 500 ? 'invalid_request_error' : 'server_error';
  send(response, status, { error: { message, type, param: null, code } });
  return null;
}

function send(response: ServerResponse, status: number, body: unknown, type = 'application/json'): void {
  response.writeHead(status, { 'content-type': type });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}
