/** One answer from an OpenAI-compatible endpoint: asked in the way that it understands, retried if waiting can help, explained if it cannot. */
import { setTimeout as wait } from 'node:timers/promises';
import OpenAI from 'openai';
import { Agent, fetch } from 'undici';
import { answerJsonSchema } from './answer.ts';
import type { Message } from './prompt.ts';
import { type Reply, readReply, type Usage } from './reply.ts';
import {
  Broken,
  explanation,
  isTooLong,
  isTransient,
  mayRefuseSchema,
  refusesStream,
  retryAfterMs,
  ServerFault,
  Silence,
  wantsResponses,
  wordsOf,
} from './server-fault.ts';

export interface EndpointOptions {
  model: string;
  /** If absent, a placeholder is sent: a server on the user's own machine needs no key. */
  apiKey?: string | undefined;
  /** OpenAI's own if absent. */
  baseURL?: string | undefined;
  /** How long the server may be silent, and how long all retries may take together. */
  timeoutSeconds: number;
  /** Waits before a retry; rejects when aborted. */
  sleep?: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

type Completion =
  | ({ kind: 'reply' } & Omit<Reply, 'usage'>)
  /** `tooLong`: the prompt does not fit into the model's context window. */
  | { kind: 'failed'; reason: string; tooLong: boolean };

/** Called for every request that was sent, with its tokens, or null if they are unknown. */
export type Meter = (usage: Usage | null) => void;

/** `paths` are the files that the answer may name. */
export type Complete = (
  messages: Message[],
  paths: readonly string[],
  meter: Meter,
  signal: AbortSignal,
) => Promise<Completion>;

const DEFAULT_BASE_URL = 'https://api.openai.com/v1';
const PLACEHOLDER_KEY = 'none';
const TRIES = 5;
const FIRST_WAIT_MS = 1_000;
/** The time limits of the OpenAI client and of fetch are for whole answers, which may take long. */
const NO_LIMIT_MS = 2 ** 31 - 1;
const patient = new Agent({ headersTimeout: 0, bodyTimeout: 0 });

/** How an endpoint is asked. What it refused once is not tried again. */
interface Way {
  api: 'chat' | 'responses';
  schema: boolean;
  stream: boolean;
}

/** A function that asks `model` for the next message of a conversation, see {@link Complete}. It throws only if aborted. */
export function endpoint(options: EndpointOptions): Complete {
  const { model, sleep = (ms, signal) => wait(ms, undefined, { signal }) } = options;
  const apiKey = options.apiKey?.trim() || PLACEHOLDER_KEY;
  const baseURL = options.baseURL?.trim() || DEFAULT_BASE_URL;
  const timeoutMs = options.timeoutSeconds * 1000;
  const client = new OpenAI({
    apiKey,
    baseURL,
    adminAPIKey: null,
    maxRetries: 0,
    timeout: NO_LIMIT_MS,
    fetch: fetchOrFault,
  });
  const known = { model, host: hostOf(baseURL), apiKey: apiKey === PLACEHOLDER_KEY ? '' : apiKey, timeoutMs };
  let way: Way = { api: 'chat', schema: true, stream: true };

  return async (messages, paths, meter, signal) => {
    const started = performance.now();
    let now = way;
    const tried = new Set<string>();
    for (let attempt = 1; ; ) {
      signal.throwIfAborted();
      try {
        const { usage, ...reply } = await ask(client, {
          model,
          messages,
          paths,
          way: now,
          timeoutMs,
          signal,
        });
        meter(usage);
        way = now;
        return { kind: 'reply', ...reply };
      } catch (error) {
        signal.throwIfAborted();
        meter(mayCost(error) ? null : { input: 0, output: 0 });
        const other = otherWay(now, error);
        if (other !== null && !tried.has(JSON.stringify(other))) {
          tried.add(JSON.stringify(other));
          now = other;
          continue;
        }
        // The schema was not the reason if the server fails without it too.
        if (isTransient(error)) now = { ...now, schema: way.schema };
        const waitMs = waitBeforeRetry(error, attempt++);
        const spentMs = performance.now() - started;
        if (waitMs === null || attempt > TRIES || spentMs + waitMs > timeoutMs)
          return { kind: 'failed', reason: explanation(error, known), tooLong: isTooLong(error) };
        await sleep(waitMs, signal);
      }
    }
  };
}

/** Another way to ask, after what the server said; null if none may help. */
function otherWay(way: Way, error: unknown): Way | null {
  if (way.api === 'chat' && wantsResponses(error)) return { ...way, api: 'responses' };
  if (way.stream && refusesStream(error)) return { ...way, stream: false };
  if (way.schema && mayRefuseSchema(error)) return { ...way, schema: false };
  return null;
}

/** Whether a server may have worked on an answer before it failed. An error with a status is no answer. */
function mayCost(error: unknown): boolean {
  return error instanceof ServerFault
    ? error.status === 0
    : error instanceof Silence || error instanceof Broken;
}

interface Question {
  model: string;
  messages: Message[];
  paths: readonly string[];
  way: Way;
  timeoutMs: number;
  signal: AbortSignal;
}

/** Sends one request and reads its reply. Throws ServerFault, Silence, Broken, or what the network threw. */
async function ask(client: OpenAI, { timeoutMs, signal, ...question }: Question): Promise<Reply> {
  const abort = new AbortController();
  let silent = false;
  const silence = setTimeout(() => {
    silent = true;
    abort.abort();
  }, timeoutMs);
  const stop = () => abort.abort();
  signal.addEventListener('abort', stop, { once: true });
  let answering = false;
  try {
    const response = await send(client, question, abort.signal);
    answering = true;
    const reply = await readReply(response, abort, () => silence.refresh());
    // A stream that is aborted just ends.
    signal.throwIfAborted();
    if (silent) throw new Silence();
    return reply;
  } catch (error) {
    if (silent) throw new Silence();
    const cause = faultBehind(error);
    throw answering && !(cause instanceof ServerFault) ? new Broken(messageOf(cause)) : cause;
  } finally {
    clearTimeout(silence);
    signal.removeEventListener('abort', stop);
    abort.abort();
  }
}

function send(
  client: OpenAI,
  { model, messages, paths, way }: Omit<Question, 'timeoutMs' | 'signal'>,
  signal: AbortSignal,
): Promise<Response> {
  const format = { name: 'experiment', strict: true, schema: answerJsonSchema(paths) };
  if (way.api === 'responses') {
    const text = way.schema ? { text: { format: { type: 'json_schema' as const, ...format } } } : {};
    const body = { model, input: messages, stream: way.stream, store: false, ...text };
    return client.responses.create(body, { signal }).asResponse();
  }
  const body = {
    model,
    messages,
    ...(way.stream ? { stream: true as const, stream_options: { include_usage: true } } : {}),
    ...(way.schema && { response_format: { type: 'json_schema' as const, json_schema: format } }),
  };
  return client.chat.completions.create(body, { signal }).asResponse();
}

/** Never follows a redirect, which would take the key elsewhere. An error keeps the whole body, in which servers say what is wrong. */
async function fetchOrFault(url: string | URL | Request, init?: RequestInit): Promise<Response> {
  // The types of undici and of Node's own copy of it are not compatible.
  const options = { ...init, redirect: 'manual', dispatcher: patient } as unknown as Parameters<
    typeof fetch
  >[1];
  const response = (await fetch(String(url), options)) as unknown as Response;
  if (response.ok) return response;
  const { headers, status } = response;
  const body = await response.text();
  const location = headers.get('location');
  throw new ServerFault(
    status,
    location === null ? wordsOf(body) : { words: `to ${hostOf(location)}`, label: '' },
    headers.get('retry-after'),
  );
}

/** The OpenAI client wraps what its fetch throws. */
function faultBehind(error: unknown): unknown {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (cause instanceof ServerFault || cause instanceof Broken) return cause;
  const fault = error instanceof OpenAI.APIError && error.error ? wordsOf(JSON.stringify(error.error)) : null;
  return fault === null ? error : new ServerFault(0, fault);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Milliseconds to wait before the next attempt; null if retrying cannot help. */
function waitBeforeRetry(error: unknown, attempt: number): number | null {
  if (!isTransient(error)) return null;
  return retryAfterMs(error) ?? FIRST_WAIT_MS * 2 ** (attempt - 1);
}

/** The host of a URL, without the user name and password that it may contain. */
function hostOf(baseURL: string): string {
  return URL.parse(baseURL)?.host ?? 'OPENAI_BASE_URL (not a valid URL)';
}
