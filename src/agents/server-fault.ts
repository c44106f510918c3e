/** What went wrong at a model's endpoint: in the server's own words, and what they mean. */

/** An error that the server told: by its status, in the body of a 200, or in the middle of a stream. */
export class ServerFault extends Error {
  /** HTTP status, or the number that the body of a 200 gives as its code; 0 if there is none. */
  readonly status: number;
  /** Its type and code, such as `context_length_exceeded`. */
  readonly label: string;
  /** The `retry-after` header. */
  readonly retryAfter: string | null;

  constructor(
    status: number,
    { words, label }: { words: string; label: string },
    retryAfter: string | null = null,
  ) {
    super(words);
    this.name = 'ServerFault';
    this.status = status;
    this.label = label;
    this.retryAfter = retryAfter;
  }
}

/** The server was silent for too long. */
export class Silence extends Error {}

/** The connection ended before the answer was complete. */
export class Broken extends Error {}

/** Status codes below 500 that are worth a retry: timeout, conflict, too early, too many requests. */
const TRANSIENT = [408, 409, 425, 429];

/**
 * The words in an error's body. OpenAI, llama.cpp and most others write `{error: {message, type, code}}`, vLLM also the inner object alone,
 * FastAPI `{detail}`, Gemini a list of such objects; proxies answer with a web page.
 */
export function wordsOf(body: string): { words: string; label: string } {
  const value = parsed(body);
  const object = Array.isArray(value) ? value[0] : value;
  if (typeof object !== 'object' || object === null) return { words: plain(body), label: '' };
  const inner = field(object, 'error') ?? object;
  if (typeof inner === 'string') return { words: inner, label: '' };
  const words = text(field(inner, 'message')) ?? text(field(inner, 'detail')) ?? text(field(inner, 'msg'));
  const label = [field(inner, 'type'), field(inner, 'code'), field(inner, 'status')]
    .filter(each => typeof each === 'string')
    .join(' ');
  return { words: words ?? JSON.stringify(inner), label };
}

/** The error in the body of a 200 or in an event of a stream; null if there is none. */
export function faultIn(body: unknown): ServerFault | null {
  if (typeof body !== 'object' || body === null) return null;
  const error = field(body, 'error');
  const isError = error !== undefined && error !== null && error !== '';
  if (!isError && field(body, 'object') !== 'error') return null;
  const code = Number(field(isError ? error : body, 'code'));
  return new ServerFault(Number.isInteger(code) && code >= 400 ? code : 0, wordsOf(JSON.stringify(body)));
}

function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

function text(value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

/** A web page's title, or the text itself. */
function plain(body: string): string {
  if (body.trim() === '') return 'no explanation';
  const title = /<title>([^<]{1,200})/i.exec(body)?.[1];
  return body.trimStart().startsWith('<') ? `a web page${title ? `, "${title.trim()}"` : ''}` : body;
}

function matches(error: unknown, pattern: RegExp): boolean {
  return error instanceof ServerFault && pattern.test(`${error.label} ${error.message}`);
}

/**
 * Whether the prompt does not fit: `context_length_exceeded` (OpenAI), `exceed_context_size_error` and "exceeds the available context size"
 * (llama.cpp), "maximum context length" (vLLM, OpenRouter), `ContextWindowExceededError` (LiteLLM), "Request too large" (Groq's 413),
 * "prompt is too long" (Anthropic), "input token count … exceeds" (Gemini), "longer than the model's context length" (SGLang).
 */
export function isTooLong(error: unknown): boolean {
  return (
    (error instanceof ServerFault && error.status === 413) ||
    matches(
      error,
      /context.?(?:length|size|window)|maximum context|too many tokens|(?:prompt|input|request|messages?) (?:is |are )?too (?:long|large)|(?:input|prompt)\b.{0,40}\bexceeds?\b|max_new_tokens|string_above_max_length/i,
    )
  );
}

/** Whether the account has nothing left to spend. OpenAI answers 429 then, and waiting does not help. */
function isSpent(error: unknown): boolean {
  return (
    (error instanceof ServerFault && error.status === 402) ||
    matches(
      error,
      /insufficient[_ -]?(?:quota|balance|credits?|funds)|exceeded your (?:current )?quota|credit balance|out of credits?|billing[_ ](?:hard|not)|budget has been exceeded/i,
    )
  );
}

/** Whether the model answers through the Responses API alone; OpenAI says so with a 404, in two ways. */
export function wantsResponses(error: unknown): boolean {
  return isRefusal(error) && matches(error, /v1\/responses|responses api|not a chat model/i);
}

/** Whether the server cannot or may not stream this model. */
export function refusesStream(error: unknown): boolean {
  return isRefusal(error) && matches(error, /\bstream/i) && !matches(error, /only supports? stream/i);
}

/** Whether the server may have stumbled over the JSON schema. Servers word this differently, and some answer 500. */
export function mayRefuseSchema(error: unknown): boolean {
  return (
    error instanceof ServerFault &&
    [400, 422, 500, 501].includes(error.status) &&
    !isTooLong(error) &&
    !isSpent(error)
  );
}

function isRefusal(error: unknown): boolean {
  return error instanceof ServerFault && error.status >= 400 && error.status < 500 && error.status !== 429;
}

/** Whether the same request may succeed later. */
export function isTransient(error: unknown): boolean {
  if (error instanceof Silence || isSpent(error)) return false;
  if (!(error instanceof ServerFault)) return error instanceof Broken || isNetwork(error);
  return (
    error.status >= 500 ||
    TRANSIENT.includes(error.status) ||
    (error.status === 0 && matches(error, /overload|temporar|try again|timeout/i))
  );
}

/** Whether the request did not reach the server. */
function isNetwork(error: unknown): boolean {
  return error instanceof Error && 'cause' in error && error.cause instanceof Error;
}

/** The `retry-after` header (seconds or a date) in milliseconds; null if absent or unreadable. */
export function retryAfterMs(error: unknown): number | null {
  const value = error instanceof ServerFault ? error.retryAfter : null;
  if (!value) return null;
  const seconds = Number(value);
  const ms = Number.isNaN(seconds) ? Date.parse(value) - Date.now() : seconds * 1000;
  return Number.isNaN(ms) ? null : Math.max(0, ms);
}

export interface Known {
  model: string;
  host: string;
  apiKey: string;
  timeoutMs: number;
}

/** What went wrong and what to do about it, for people. Never contains the key, even if the server repeats it. */
export function explanation(error: unknown, { model, host, apiKey, timeoutMs }: Known): string {
  const said = censored(error instanceof Error ? error.message : String(error), apiKey);
  if (error instanceof Silence)
    return `${host} timed out: it sent nothing for ${timeoutMs / 1000} s, the agent's \`timeout\`. Raise it in the contract, or use a faster model`;
  if (error instanceof Broken) return `${host} ended the connection in the middle of its answer: ${said}`;
  if (!(error instanceof ServerFault)) {
    const cause = isNetwork(error) ? causeOf(error) : null;
    return cause === null
      ? `the request to ${host} could not be sent: ${said}`
      : `${host} cannot be reached (${censored(cause, apiKey)}). Check OPENAI_BASE_URL and the network`;
  }
  if (isTooLong(error)) return `the prompt is too long for ${model}, even without past experiments: ${said}`;
  if (isSpent(error)) return `the account at ${host} has no credit left: ${said}`;
  const status = error.status === 0 ? '' : ` (${error.status})`;
  if (error.status === 401)
    return `${host} rejected the key${status}: ${said}. Set OPENAI_API_KEY to a valid key and restart the bot`;
  if (error.status === 403)
    return `${host} does not allow this${status}: ${said}. Grant the key access to ${model}, or name another model in the contract`;
  if (error.status === 404)
    return `${host} has no ${model} at this address${status}: ${said}. Check the agent's model in the contract and OPENAI_BASE_URL, which usually ends in /v1`;
  if (error.status >= 300 && error.status < 400)
    return `${host} redirects elsewhere${status}: ${said}. Set OPENAI_BASE_URL to that address`;
  return `${host} answered with an error${status}: ${said}`;
}

function causeOf(error: unknown): string {
  let cause: unknown = error;
  while (cause instanceof Error && cause.cause instanceof Error) cause = cause.cause;
  if (cause instanceof AggregateError && cause.errors[0] instanceof Error) return cause.errors[0].message;
  return cause instanceof Error ? cause.message : String(cause);
}

function censored(words: string, apiKey: string): string {
  const safe = apiKey === '' ? words : words.replaceAll(apiKey, '***');
  const line = safe
    .slice(0, 2000)
    .replace(/\bsk-[\w*.-]+/g, '***')
    .replace(/\/\/[^\s/@]+@/g, '//***@')
    .replace(/\s+/g, ' ')
    .trim();
  return line.slice(0, 300).replace(/\.$/, '');
}
