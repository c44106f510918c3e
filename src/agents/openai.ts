/** The agent that asks a language model through an OpenAI-compatible endpoint. */
import type { Cost } from '../campaign/idea.ts';
import type { AgentConfig } from '../protocol/agents.ts';
import { visible } from '../protocol/visible.ts';
import type { Agent, Proposal, ProposalRequest } from './agent.ts';
import { readAnswer } from './answer.ts';
import type { Complete, EndpointOptions, Meter } from './completion.ts';
import { conversation, correction, LEDGER_CHARACTERS, ledgerText, type Message } from './prompt.ts';
import { recorded } from './recorded.ts';
import { doesTheSame } from './sameness.ts';
import { syntaxError } from './syntax.ts';

type OpenAIAgentConfig = Omit<Extract<AgentConfig, { use: 'openai' }>, 'use'>;

/** How many corrections the model gets before the proposal counts as failed. */
const CORRECTIONS = 3;
const CANCELLED = 'cancelled before the answer was complete';
const IDLE =
  'the edits change nothing that runs: only comments, blanks, documentation, or the way of writing a value. Change what the program does';
/** A ledger that is shorter than this tells nothing. */
const LEAST_LEDGER = 500;

/** An agent that asks `config.model` at the endpoint that `options` describe. */
export function openaiAgent(
  config: OpenAIAgentConfig,
  options: Omit<EndpointOptions, 'model' | 'timeoutSeconds'> = {},
): Agent {
  // Loading the client takes longer than most programs here, which never ask a model.
  let client: Promise<Complete> | undefined;
  const complete: Complete = async (...question) => {
    client ??= import('./completion.ts').then(({ endpoint }) =>
      endpoint({ ...options, model: config.model, timeoutSeconds: config.timeout }),
    );
    return (await client)(...question);
  };
  // How much of the ledger fits into the model's context window, as far as the endpoint has told.
  const room = { ledger: LEDGER_CHARACTERS };
  return {
    name: config.name,
    async propose(request, signal) {
      const spent = costMeter(config.price);
      const paths = [...request.files.keys()];
      try {
        const found = await converse(config.model, request, room, messages =>
          complete(messages, paths, spent.meter, signal),
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
  room: { ledger: number },
  ask: (messages: Message[]) => ReturnType<Complete>,
): Promise<Found> {
  const corrections: Message[] = [];
  let problem = '';
  for (let answers = 0; answers <= CORRECTIONS; ) {
    const answer = await ask(joined([...conversation(request, room.ledger), ...corrections]));
    if (answer.kind === 'failed') {
      if (!answer.tooLong || !makeRoom(room, request)) return answer;
      continue;
    }
    answers++;
    const last = problem;
    const judged = await judgeReply(answer, request);
    if (judged.kind === 'idea') return judged;
    problem = judged.problem;
    if (judged.isFinal || (answer.text === '' && problem === last)) return failed(model, answers, problem);
    // An empty message is refused by many servers.
    if (answer.text !== '') corrections.push({ role: 'assistant', content: answer.text });
    corrections.push(correction(problem));
  }
  return failed(model, CORRECTIONS + 1, problem);
}

function failed(model: string, answers: number, problem: string): Found {
  const count = `${answers} ${answers === 1 ? 'answer' : 'answers'}`;
  return { kind: 'failed', reason: `${model} gave no usable idea in ${count}. Last problem: ${problem}` };
}

/** Shows the model half as much of the ledger from now on; returns whether there was anything to leave out. */
function makeRoom(room: { ledger: number }, { ledger }: ProposalRequest): boolean {
  const shown = Math.min(room.ledger, ledgerText(ledger, room.ledger).length);
  if (ledger.length === 0 || room.ledger === 0) return false;
  room.ledger = shown / 2 < LEAST_LEDGER ? 0 : Math.floor(shown / 2);
  return true;
}

/** Messages of the same side become one, because some models want the sides to take turns. */
function joined(messages: readonly Message[]): Message[] {
  const turns: Message[] = [];
  for (const { role, content } of messages) {
    const last = turns.at(-1);
    if (last?.role === role) last.content += `\n\n${content}`;
    else turns.push({ role, content });
  }
  return turns;
}

type Judgement = Extract<Found, { kind: 'idea' }> | { kind: 'problem'; problem: string; isFinal: boolean };

/** `isFinal`: asking again would cost the same and end the same. */
async function judgeReply(
  { text, end, reasoned }: Extract<Awaited<ReturnType<Complete>>, { kind: 'reply' }>,
  request: ProposalRequest,
): Promise<Judgement> {
  const problem = (sentence: string, isFinal = false): Judgement => ({
    kind: 'problem',
    problem: sentence,
    isFinal,
  });
  if (end === 'filtered') return problem("the answer was stopped by the server's content filter", true);
  if (text === '' && end === 'cut off')
    return problem(
      'the answer was cut off at the length limit before it began: everything was reasoning. Raise the output limit of the server, or lower the reasoning effort',
      true,
    );
  if (end === 'cut off') return problem('the answer was cut off at the length limit; make smaller edits');
  if (text === '')
    return problem(reasoned ? 'the answer is empty: everything was reasoning' : 'the answer is empty');
  const judged = await judge(text, request);
  return judged.kind === 'idea' ? judged : problem(judged.problem);
}

type Found =
  | Omit<Extract<Proposal, { kind: 'idea' }>, 'cost'>
  | Omit<Extract<Proposal, { kind: 'failed' }>, 'cost'>;
type Judged = Extract<Found, { kind: 'idea' }> | { kind: 'problem'; problem: string };

/** The idea in an answer with the new text of every changed file, or what is wrong with the answer. */
async function judge(text: string, request: ProposalRequest): Promise<Judged> {
  const answer = readAnswer(text, [...request.files.keys()]);
  if (answer.kind === 'problem') return answer;
  const applied = recorded(request.files, answer.idea, [...request.files.keys()]);
  if (applied.kind === 'refused') return { kind: 'problem', problem: applied.reason };
  for (const [path, changed] of applied.files) {
    const error = await newSyntaxError(path, request.files.get(path) ?? '', changed);
    if (error !== null) return { kind: 'problem', problem: `syntax error in ${path}: ${error}` };
  }
  if (await isIdle(request.files, applied.files)) return { kind: 'problem', problem: IDLE };
  const objection = await request.objection(applied.idea, applied.files);
  if (objection !== null) return { kind: 'problem', problem: objection };
  return { ...applied, kind: 'idea' };
}

/** Whether every changed file does the same as before. */
async function isIdle(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): Promise<boolean> {
  for (const [path, text] of after)
    if (!(await doesTheSame(path, before.get(path) ?? '', text))) return false;
  return true;
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
