/** An OpenAI-compatible endpoint for tests that answers from a script and rejects what the real one would reject. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { z } from 'zod';

/** What the model answers, or what goes wrong instead. */
export type Answer =
  | string
  | {
      text: string | null;
      refusal?: string;
      finish?: 'stop' | 'length';
      usage?: { input: number; output: number } | null;
    }
  | { status: number; message?: string; code?: string; retryAfter?: string }
  /** Any body with status 200. */
  | { body: unknown }
  /** No answer before the client gives up. */
  | { hang: true };

export type ScriptedRequest = z.infer<typeof requestSchema> & { authorization: string };

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
    z.object({ type: z.literal('array'), items: strictSchema }),
    z.object({ type: z.enum(['string', 'number', 'integer', 'boolean']) }),
  ]),
);

const requestSchema = z.strictObject({
  model: z.string().min(1),
  messages: z
    .array(
      z.strictObject({ role: z.enum(['system', 'developer', 'user', 'assistant']), content: z.string() }),
    )
    .min(1),
  response_format: z
    .discriminatedUnion('type', [
      z.strictObject({ type: z.literal('text') }),
      z.strictObject({ type: z.literal('json_object') }),
      z.strictObject({
        type: z.literal('json_schema'),
        json_schema: z.strictObject({
          name: z.string().regex(/^[\w-]{1,64}$/),
          strict: z.literal(true),
          schema: strictSchema,
        }),
      }),
    ])
    .optional(),
});

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
    reply(response, request, typeof next === 'function' ? next(request) : next);
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
  if (incoming.method !== 'POST' || incoming.url !== '/v1/chat/completions') {
    return fail(response, 404, `Unknown request URL: ${incoming.method} ${incoming.url}`);
  }
  if (!/^Bearer \S+$/.test(authorization)) return fail(response, 401, 'No API key provided');
  const body = requestSchema.safeParse(JSON.parse(await readText(incoming)));
  if (!body.success) return fail(response, 400, z.prettifyError(body.error));
  return { ...body.data, authorization };
}

function reply(response: ServerResponse, request: ScriptedRequest, answer: Answer): void {
  if (typeof answer === 'string') send(response, 200, completion(request, { text: answer }));
  else if ('body' in answer) send(response, 200, answer.body);
  else if ('text' in answer) send(response, 200, completion(request, answer));
  else if ('status' in answer) {
    if (answer.retryAfter !== undefined) response.setHeader('retry-after', answer.retryAfter);
    fail(response, answer.status, answer.message ?? `scripted ${answer.status}`, answer.code);
  }
}

function completion(request: ScriptedRequest, answer: Extract<Answer, { text: unknown }>) {
  const { text, refusal = null, finish = 'stop', usage = { input: 1000, output: 100 } } = answer;
  return {
    id: 'chatcmpl-scripted',
    object: 'chat.completion',
    created: 1_790_000_000,
    model: request.model,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: text, refusal },
        logprobs: null,
        finish_reason: finish,
      },
    ],
    ...(usage && {
      usage: {
        prompt_tokens: usage.input,
        completion_tokens: usage.output,
        total_tokens: usage.input + usage.output,
      },
    }),
  };
}

function fail(response: ServerResponse, status: number, message: string, code: string | null = null): null {
  const type = status < 500 ? 'invalid_request_error' : 'server_error';
  send(response, status, { error: { message, type, param: null, code } });
  return null;
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
