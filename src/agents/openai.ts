/** The agent that asks a language model, by any OpenAI-compatible endpoint. */
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

/** How often a bad answer is told back to the model before the proposal counts as failed. */
const CORRECTIONS = 3;
const INTERRUPTED = 'Nobody waited for the answer any more.';

/** An agent that asks `config.model`; `options` say where and with which key. */
export function openaiAgent(config: OpenAIAgentConfig, options: Omit<EndpointOptions, 'model'> = {}): Agent {
  const complete = endpoint({ ...options, model: config.model });
  return {
    name: config.name,
    async propose(request, signal) {
      const spent = purse(config.price);
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
        // The answers before the one that was cut short were paid for.
        if (!signal.aborted || cost.calls === 0) throw error;
        return { kind: 'failed', reason: INTERRUPTED, cost };
      }
    },
  };
}

/** Asks, and tells the model what is wrong with its answer, until there is an idea or no patience left. */
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
  const reason = `${model} gave no usable idea in ${CORRECTIONS + 1} answers; the last problem: ${problem}`;
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

/** An answer as an idea with the new text of every changed file, or what is wrong with it. */
async function judge(text: string, request: ProposalRequest): Promise<Judged> {
  const answer = readAnswer(text);
  if (answer.kind === 'problem') return answer;
  const { idea } = answer;
  const applied = applyEdits(request.files, idea.edits, [...request.files.keys()]);
  if (applied.kind === 'refused') return { kind: 'problem', problem: applied.reason };
  for (const [path, changed] of applied.files) {
    const error = await newSyntaxError(path, request.files.get(path) ?? '', changed);
    if (error !== null) return { kind: 'problem', problem: `${path} would not parse: ${error}` };
  }
  const objection = await request.objection(idea, applied.files);
  if (objection !== null) return { kind: 'problem', problem: objection };
  return { kind: 'idea', idea, files: applied.files };
}

/** A checker that cannot read the champion's own file (an older Python here, say) has no say in the change. */
async function newSyntaxError(path: string, before: string, after: string): Promise<string | null> {
  const error = await syntaxError(path, after);
  return error !== null && (await syntaxError(path, before)) === null ? error : null;
}

/** Adds up what the calls of one proposal cost. Dollars are unknown without a price, and where tokens went uncounted. */
function purse(price: OpenAIAgentConfig['price']): { meter: Meter; cost: () => Cost } {
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
