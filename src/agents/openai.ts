/** The agent that asks a language model through an OpenAI-compatible endpoint. */
import type { Cost } from '../campaign/idea.ts';
import { visible } from '../protocol/visible.ts';
import type { Agent, Proposal, ProposalRequest } from './agent.ts';
import { readAnswer } from './answer.ts';
import { type Complete, type EndpointOptions, endpoint, type Meter } from './completion.ts';
import { applyEdits } from './edit.ts';
import { conversation, correction, type Message } from './prompt.ts';
import { syntaxError } from './syntax.ts';

export interface OpenAIAgentConfig {
  name: string;
  model: string;
  /** Dollars per million tokens. */
  price?: { input: number; output: number } | undefined;
}

/** How many corrections the model gets before the proposal counts as failed. */
const CORRECTIONS = 3;
const CANCELLED = 'cancelled before the answer was complete';

/** An agent that asks `config.model` at the endpoint that `options` describe. */
export function openaiAgent(config: OpenAIAgentConfig, options: Omit<EndpointOptions, 'model'> = {}): Agent {
  const complete = endpoint({ ...options, model: config.model });
  return {
    name: config.name,
    async propose(request, signal) {
      const spent = costMeter(config.price);
      try {
        const found = await converse(config.model, request, messages =>
          complete(messages, spent.meter, signal),
        );
        const cost = spent.cost();
        return found.kind === 'failed'
          ? { ...found, reason: visible(found.reason), cost }
          : { ...found, cost };
      } catch (error) {
        const cost = spent.cost();
        // Earlier answers have been paid for.
        if (!signal.aborted || cost.calls === 0) throw error;
        return { kind: 'failed', reason: CANCELLED, cost };
      }
    },
  };
}

/** Asks for an idea, and sends a correction for every unusable answer, until there is an idea or no correction is left. */
async function converse(
  model: string,
  request: ProposalRequest,
  ask: (messages: Message[]) => ReturnType<Complete>,
): Promise<Found> {
  const messages = conversation(request);
  let problem = '';
  for (let answers = 0; answers <= CORRECTIONS; answers++) {
    const answer = await ask(messages);
    if (answer.kind === 'failed') return answer;
    const judged = answer.cutOff ? cutOff : await judge(answer.text, request);
    if (judged.kind === 'idea') return judged;
    problem = judged.problem;
    messages.push({ role: 'assistant', content: answer.text }, correction(problem));
  }
  const reason = `${model} gave no usable idea in ${CORRECTIONS + 1} answers. Last problem: ${problem}`;
  return { kind: 'failed', reason };
}

type Found =
  | Omit<Extract<Proposal, { kind: 'idea' }>, 'cost'>
  | Omit<Extract<Proposal, { kind: 'failed' }>, 'cost'>;
type Judged = Extract<Found, { kind: 'idea' }> | { kind: 'problem'; problem: string };

const cutOff: Judged = {
  kind: 'problem',
  problem: 'the answer was cut off at the length limit; make smaller edits',
};

/** The idea in an answer with the new text of every changed file, or what is wrong with the answer. */
async function judge(text: string, request: ProposalRequest): Promise<Judged> {
  const answer = readAnswer(text);
  if (answer.kind === 'problem') return answer;
  const { idea } = answer;
  const applied = applyEdits(request.files, idea.edits, [...request.files.keys()]);
  if (applied.kind === 'refused') return { kind: 'problem', problem: applied.reason };
  for (const [path, changed] of applied.files) {
    const error = await newSyntaxError(path, request.files.get(path) ?? '', changed);
    if (error !== null) return { kind: 'problem', problem: `syntax error in ${path}: ${error}` };
  }
  const objection = await request.objection(idea, applied.files);
  if (objection !== null) return { kind: 'problem', problem: objection };
  return { kind: 'idea', idea, files: applied.files };
}

/** A syntax error in the changed file. Ignored if the champion's file does not parse either, for example with an older Python. */
async function newSyntaxError(path: string, before: string, after: string): Promise<string | null> {
  const error = await syntaxError(path, after);
  return error !== null && (await syntaxError(path, before)) === null ? error : null;
}

/** Adds up the cost of one proposal's calls. Dollars are unknown without a price, and if an answer did not count its tokens. */
function costMeter(price: OpenAIAgentConfig['price']): { meter: Meter; cost: () => Cost } {
  let calls = 0;
  let inputTokens = 0;
  let outputTokens = 0;
  let counted = true;
  return {
    meter(usage) {
      calls++;
      inputTokens += usage?.input ?? 0;
      outputTokens += usage?.output ?? 0;
      counted &&= usage !== null;
    },
    cost() {
      const usd =
        price && counted ? (inputTokens * price.input + outputTokens * price.output) / 1_000_000 : null;
      return { calls, inputTokens, outputTokens, usd };
    },
  };
}
