/** One answer from an OpenAI-compatible endpoint: retried if waiting can help, explained if it cannot. */
import { setTimeout as wait } from 'node:timers/promises';
import OpenAI, { APIConnectionError, APIError } from 'openai';
import { z } from 'zod';
import { ANSWER_JSON_SCHEMA } from './answer.ts';
import type { Message } from './prompt.ts';

export interface EndpointOptions {
  model: string;
  /** If absent, a placeholder is sent: a server on the user's own machine needs no key. */
  apiKey?: string | undefined;
  /** OpenAI's own if absent. */
  baseURL?: string | undefined;
  /** Timeout of one request. Node's fetch gives up on a silent server after 5 min in any case. */
  timeoutMs?: number;
  /** Waits before a retry; rejects when aborted. */
  sleep?: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

type Completion = { kind: 'text'; text: string; cutOff: boolean } | { kind: 'failed'; reason: string };

/** Called for every request that was sent, with its tokens, or null if the answer did not count them. */
export type Meter = (usage: { input: number; output: number } | null) => void;

export type Complete = (messages: Message[], meter: Meter, signal: AbortSignal) => Promise<Completion>;

const DEFAULT_BASE_URL = 'https://api.openai.com/v1';
const PLACEHOLDER_KEY = 'none';
const TIMEOUT_MS = 290_000;
const TRIES = 5;
const FIRST_WAIT_MS = 1_000;
/** If a server asks for a longer wait than this, the proposal fails instead of blocking. */
const LONGEST_WAIT_MS = 300_000;
/** Status codes below 500 that are worth a retry: timeout, conflict, too early, too many requests. */
const TRANSIENT = [408, 409, 425, 429];

const completionSchema = z.object({
  choices: z
    .array(
      z.object({
        message: z.object({ content: z.string().nullish(), refusal: z.string().nullish() }),
        finish_reason: z.string().nullish(),
      }),
    )
    .min(1),
  usage: z
    .object({ prompt_tokens: z.int().nonnegative(), completion_tokens: z.int().nonnegative() })
    .nullish(),
});

/** A function that asks `model` for the next message of a conversation, see {@link Complete}. It throws only if aborted. */
export function endpoint(options: EndpointOptions): Complete {
  const { model, sleep = (ms, signal) => wait(ms, undefined, { signal }) } = options;
  const apiKey = options.apiKey?.trim() || PLACEHOLDER_KEY;
  const baseURL = options.baseURL?.trim() || DEFAULT_BASE_URL;
  const timeout = options.timeoutMs ?? TIMEOUT_MS;
  const client = new OpenAI({ apiKey, baseURL, adminAPIKey: null, maxRetries: 0, timeout });
  const explain = (error: unknown) => explanation(error, { model, host: hostOf(baseURL), apiKey });
  // An endpoint that rejects the JSON schema once is asked without it from then on.
  let schemaAccepted = true;

  async function ask(messages: Message[], withSchema: boolean, signal: AbortSignal): Promise<unknown> {
    const request = { model, messages, ...(withSchema && { response_format: RESPONSE_FORMAT }) };
    return client.chat.completions.create(request, { signal });
  }

  return async (messages, meter, signal) => {
    let withSchema = schemaAccepted;
    for (let attempt = 1; ; attempt++) {
      signal.throwIfAborted();
      try {
        const body = await ask(messages, withSchema, signal);
        schemaAccepted = withSchema;
        return readCompletion(body, meter, hostOf(baseURL));
      } catch (error) {
        signal.throwIfAborted();
        meter({ input: 0, output: 0 });
        if (withSchema && refusesFormat(error)) {
          withSchema = false;
          continue;
        }
        const waitMs = waitBeforeRetry(error, attempt);
        if (waitMs === null || attempt >= TRIES) return { kind: 'failed', reason: explain(error) };
        await sleep(waitMs, signal);
      }
    }
  };
}

const RESPONSE_FORMAT = {
  type: 'json_schema' as const,
  json_schema: { name: 'experiment', strict: true, schema: ANSWER_JSON_SCHEMA },
};

function readCompletion(body: unknown, meter: Meter, host: string): Completion {
  const completion = completionSchema.safeParse(body);
  const choice = completion.data?.choices[0];
  if (choice === undefined) {
    meter(null);
    const reason = `the answer of ${host} is not a chat completion. Check that OPENAI_BASE_URL is an OpenAI-compatible API; it usually ends in /v1`;
    return { kind: 'failed', reason };
  }
  const usage = completion.data?.usage;
  meter(usage ? { input: usage.prompt_tokens, output: usage.completion_tokens } : null);
  const text = choice.message.content ?? choice.message.refusal ?? '';
  return { kind: 'text', text, cutOff: choice.finish_reason === 'length' };
}

/** Servers word this differently, so any rejected request counts. A second rejection, without the format, is final. */
function refusesFormat(error: unknown): boolean {
  return (
    error instanceof APIError &&
    (error.status === 400 || error.status === 422) &&
    error.code !== 'context_length_exceeded'
  );
}

/** Milliseconds to wait before attempt `attempt + 1`; null if retrying cannot help. */
function waitBeforeRetry(error: unknown, attempt: number): number | null {
  if (!(error instanceof APIError)) return null;
  // OpenAI also answers 429 if the account has no credit left, and waiting does not help then.
  if (error.code === 'insufficient_quota') return null;
  const transient =
    error instanceof APIConnectionError ||
    (error.status !== undefined && (error.status >= 500 || TRANSIENT.includes(error.status)));
  if (!transient) return null;
  const asked = retryAfterMs(error.headers);
  if (asked !== null) return asked <= LONGEST_WAIT_MS ? asked : null;
  return FIRST_WAIT_MS * 2 ** (attempt - 1);
}

/** The `retry-after` header (seconds or a date) in milliseconds; null if absent or unreadable. */
function retryAfterMs(headers: Headers | undefined): number | null {
  const value = headers?.get('retry-after');
  if (!value) return null;
  const seconds = Number(value);
  const ms = Number.isNaN(seconds) ? Date.parse(value) - Date.now() : seconds * 1000;
  return Number.isNaN(ms) ? null : Math.max(0, ms);
}

/** What went wrong and what to do about it, for people. Never contains the key, even if the server repeats it. */
function explanation(error: unknown, known: { model: string; host: string; apiKey: string }): string {
  const { model, host, apiKey } = known;
  const said = (error instanceof Error ? error.message : String(error))
    .replaceAll(apiKey === PLACEHOLDER_KEY ? '\0' : apiKey, '***')
    .replace(/\bsk-[\w*.-]+/g, '***')
    .replace(/\s+/g, ' ')
    .slice(0, 300);
  if (!(error instanceof APIError)) return `the request to ${host} could not be sent: ${said}`;
  if (error.status === 401)
    return `${host} rejected the key (401). Set OPENAI_API_KEY to a valid key and restart the bot`;
  if (error.status === 403) {
    return `${host} does not allow this key to use ${model} (403). Grant it access, or name another model in the contract`;
  }
  if (error.status === 404) {
    return `${host} has no model ${model} at this address (404). Check the agent's model in the contract and OPENAI_BASE_URL`;
  }
  if (error.code === 'insufficient_quota') return `the account at ${host} has no credit left. Add credit`;
  if (error instanceof APIConnectionError)
    return `${host} cannot be reached: ${said} Check OPENAI_BASE_URL and the network`;
  return `${host} answered with an error: ${said}`;
}

/** The host of a URL, without the user name and password that it may contain. */
function hostOf(baseURL: string): string {
  return URL.parse(baseURL)?.host ?? 'OPENAI_BASE_URL (not a valid URL)';
}
