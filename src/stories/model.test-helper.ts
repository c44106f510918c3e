/** The language model of the stories: what it says depends on the prompt alone, so that asking twice gives the same. */
import {
  type Answer,
  type ScriptedOpenAI,
  type ScriptedRequest,
  startScriptedOpenAI,
} from '../agents/scripted-openai.test-helper.ts';

/** Line of settings.txt before and after; the title is what the pull request is called. */
export interface Change {
  title: string;
  from: string;
  to: string;
}

/** What the model proposes as experiment 1, 2, 3 …; the list begins again at its end. */
export const CHANGES: readonly Change[] = [
  { title: 'depth 1 → 2', from: 'depth: 1', to: 'depth: 2' },
  { title: 'width 1 → 2', from: 'width: 1', to: 'width: 2' },
  { title: 'decay 1 → 3', from: 'decay: 1', to: 'decay: 3' },
  { title: 'rate 1 → 9', from: 'rate: 1', to: 'rate: 9' },
  { title: 'batch 1 → 4', from: 'batch: 1', to: 'batch: 4' },
  { title: 'width 1 → 3', from: 'width: 1', to: 'width: 3' },
];

/** The answer that proposes `change`. */
export function proposal({ title, from, to }: Change): string {
  const edits = [{ path: 'settings.txt', search: from, replace: to }];
  return JSON.stringify({ title, hypothesis: `Setting ${to} helps.`, edits });
}

/** Number of the experiment that the prompt asks for. */
export function askedFor(request: ScriptedRequest): number {
  const text = request.messages.find(message => message.role === 'user')?.content ?? '';
  return Number(/Propose experiment (\d+)/.exec(text)?.[1]);
}

/** How often the model was told in this conversation that its answer cannot be used. */
export function corrections(request: ScriptedRequest): number {
  return request.messages.filter(message => message.role === 'user').length - 1;
}

/** Proposes the n-th of `changes` as experiment n. */
export function inOrder(request: ScriptedRequest): Answer {
  const change = CHANGES[(askedFor(request) - 1) % CHANGES.length];
  return change ? proposal(change) : { status: 500 };
}

/** A model that answers by `script`. */
export function startModel(script: (request: ScriptedRequest) => Answer): Promise<ScriptedOpenAI> {
  return startScriptedOpenAI([script]);
}
