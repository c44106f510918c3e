/** Reads what an endpoint replied: a chat completion or a response, at once or as a stream of events. */
import { Stream } from 'openai/streaming';
import { z } from 'zod';
import { Broken, faultIn, ServerFault, wordsOf } from './server-fault.ts';

export interface Usage {
  input: number;
  output: number;
}

export interface Reply {
  text: string;
  end: 'done' | 'cut off' | 'filtered';
  /** Whether it contains reasoning, which is not part of the text. */
  reasoned: boolean;
  /** Null if the server did not count its tokens. */
  usage: Usage | null;
}

/** An answer that is longer than this is no idea. */
const MOST_CHARACTERS = 1_000_000;

const partSchema = z.object({ type: z.string().optional(), text: z.string().optional() });
const contentSchema = z.union([z.string(), z.array(partSchema)]).nullish();
const messageSchema = z.object({
  content: contentSchema,
  refusal: z.string().nullish(),
  reasoning_content: z.string().nullish(),
  reasoning: z.string().nullish(),
  tool_calls: z
    .array(z.object({ function: z.object({ arguments: z.string().nullish() }).nullish() }))
    .nullish(),
});
/** A completion or a chunk of one. */
const chatSchema = z.object({
  choices: z.array(
    z.object({
      message: messageSchema.optional(),
      delta: messageSchema.optional(),
      finish_reason: z.string().nullish(),
      error: z.unknown().optional(),
    }),
  ),
  usage: z.unknown().optional(),
});

const responseSchema = z.object({
  status: z.string().nullish(),
  error: z.unknown().optional(),
  incomplete_details: z.object({ reason: z.string().nullish() }).nullish(),
  output: z.array(
    z.object({
      type: z.string(),
      content: z.array(z.object({ text: z.string().optional(), refusal: z.string().optional() })).nullish(),
    }),
  ),
  usage: z.unknown().optional(),
});

/**
 * The reply in `response`.
 * @param alive called for every event of a stream
 * @throws ServerFault for an error in the body, Broken if it is not complete
 */
export async function readReply(
  response: Response,
  abort: AbortController,
  alive: () => void,
): Promise<Reply> {
  const type = response.headers.get('content-type') ?? '';
  if (type.includes('text/event-stream')) return fromEvents(eventsIn(response, abort), alive);
  const body = await response.text();
  // Some servers stream whatever they are asked for, without saying so.
  if (body.startsWith('data:')) return fromEvents(eventsIn(new Response(body), abort), alive);
  return fromBody(body);
}

/** Events with an error are events too. */
function eventsIn(response: Response, abort: AbortController): AsyncIterable<unknown> {
  return Stream.fromSSEResponse(response, abort, undefined, false, 'events');
}

function fromBody(body: string): Reply {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    if (body.trim() === '') throw new ServerFault(0, { words: 'an empty answer', label: '' });
    if (body.trimStart().startsWith('{')) throw new Broken('its JSON is cut off');
    throw notAnAnswer(wordsOf(body).words);
  }
  const fault = faultIn(value);
  if (fault) throw fault;
  const reply = new Collector();
  if (!reply.takeResponse(value) && !reply.take(value))
    throw notAnAnswer(`JSON with the keys ${Object.keys(Object(value)).slice(0, 8).join(', ') || 'none'}`);
  return reply.reply();
}

function notAnAnswer(found: string): ServerFault {
  const words = `expected a chat completion, found ${found}. Check that OPENAI_BASE_URL is the address of an OpenAI-compatible API; it usually ends in /v1`;
  return new ServerFault(0, { words, label: '' });
}

async function fromEvents(events: AsyncIterable<unknown>, alive: () => void): Promise<Reply> {
  const reply = new Collector();
  for await (const event of events) {
    alive();
    const fault = faultIn(event);
    if (fault) throw fault;
    if (!reply.takeResponse(responseIn(event))) reply.take(event);
  }
  const whole = reply.reply();
  // Some servers never say that an answer is complete. If it is not, that shows in the answer.
  if (!reply.hasEnded && whole.text === '') throw new Broken('the stream stopped before the answer');
  return whole;
}

/** The last event of the Responses API has the whole response; the ones before have its parts, which are not needed. */
function responseIn(event: unknown): unknown {
  const ends = ['response.completed', 'response.incomplete', 'response.failed'];
  if (typeof event !== 'object' || event === null || !('type' in event) || !('response' in event))
    return null;
  return ends.includes(String(event.type)) ? event.response : null;
}

/** Puts a reply together. */
class Collector {
  hasEnded = false;
  private text = '';
  private refusal = '';
  private call = '';
  private reasoned = false;
  private end: Reply['end'] = 'done';
  private usage: unknown = null;

  /** Takes a completion or a chunk of one; returns whether it was one. */
  take(value: unknown): boolean {
    const chunk = chatSchema.safeParse(value).data;
    if (chunk === undefined) return false;
    this.usage = chunk.usage ?? this.usage;
    const [choice] = chunk.choices;
    if (choice === undefined) return this.hasEnded;
    const fault = faultIn(choice);
    if (fault) throw fault;
    const { content, refusal, reasoning_content, reasoning, tool_calls } =
      choice.message ?? choice.delta ?? {};
    this.text += textOf(content);
    this.refusal += refusal ?? '';
    this.call += tool_calls?.map(call => call.function?.arguments ?? '').join('') ?? '';
    const thinks = Array.isArray(content) && content.some(({ type }) => /think|reason/.test(type ?? ''));
    this.reasoned ||= Boolean(reasoning_content ?? reasoning) || thinks;
    if (choice.finish_reason) this.finish(choice.finish_reason);
    else if (choice.message) this.hasEnded = true;
    if (this.text.length > MOST_CHARACTERS)
      throw new ServerFault(0, { words: `an answer of more than ${MOST_CHARACTERS} characters`, label: '' });
    return true;
  }

  /** Takes an answer of the Responses API; returns whether it was one. */
  takeResponse(value: unknown): boolean {
    const response = responseSchema.safeParse(value).data;
    if (response === undefined) return false;
    const fault = faultIn(response);
    if (fault) throw fault;
    for (const { type, content } of response.output) {
      if (type === 'reasoning') this.reasoned = true;
      else for (const part of content ?? []) this.text += part.text ?? part.refusal ?? '';
    }
    this.usage = response.usage;
    this.finish(response.incomplete_details?.reason ?? 'stop');
    return true;
  }

  private finish(reason: string): void {
    this.hasEnded = true;
    if (/length|max.*tokens/i.test(reason)) this.end = 'cut off';
    else if (/filter|safety|prohibited|blocklist/i.test(reason)) this.end = 'filtered';
    else if (reason === 'error')
      throw new ServerFault(0, { words: 'the model stopped with an error', label: '' });
  }

  reply(): Reply {
    const text = this.text.trim() === '' ? this.call || this.refusal : this.text;
    return { text, end: this.end, reasoned: this.reasoned, usage: usageOf(this.usage, text !== '') };
  }
}

/** A text, or its parts without those that are thinking. */
function textOf(content: z.infer<typeof contentSchema>): string {
  if (!Array.isArray(content)) return content ?? '';
  const texts = content.filter(({ type }) => type === undefined || type === 'text' || type === 'output_text');
  return texts.map(part => part.text ?? '').join('');
}

const usageSchema = z.object({
  prompt_tokens: z.coerce.number().optional(),
  completion_tokens: z.coerce.number().optional(),
  input_tokens: z.coerce.number().optional(),
  output_tokens: z.coerce.number().optional(),
});

/** Null if the tokens are unknown: some proxies write 0 where they do not know, and no question has 0 tokens. */
function usageOf(value: unknown, answered: boolean): Usage | null {
  const usage = usageSchema.safeParse(value).data;
  const input = usage?.prompt_tokens ?? usage?.input_tokens;
  const output = usage?.completion_tokens ?? usage?.output_tokens;
  if (!isCount(input) || !isCount(output) || input === 0 || (answered && output === 0)) return null;
  return { input, output };
}

function isCount(value: number | undefined): value is number {
  return value !== undefined && Number.isInteger(value) && value >= 0;
}
