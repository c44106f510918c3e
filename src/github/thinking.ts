/** Agents that think beside the loop. Their thoughts are lost when the App ends; the plan then asks again. */
import { isDeepStrictEqual } from 'node:util';
import type { Proposal } from '../agents/agent.ts';
import { type Cost, type Idea, NO_COST } from '../campaign/idea.ts';
import type { CampaignState } from '../campaign/marker.ts';
import type { Snapshot } from '../campaign/model.ts';
import { isAbout } from '../campaign/plan/write-off.ts';
import { liveCampaigns } from '../campaign/queries.ts';
import type { Task, Thought } from '../campaign/thought.ts';

/** The result of a thought, and the agent's name. */
type Answer = { agent: string } & Proposal;

/** Where an answer is about to be stored: as an experiment of that number, or in the campaign's cost of failed proposals. */
type Use = { kind: 'experiment'; number: number; idea: Idea } | { kind: 'failed'; cost: Cost };

export interface Thinking {
  /** All thoughts, oldest first. */
  thoughts(): Thought[];
  /** Starts a thought. The signal given to `think` is aborted when the thought is not needed any more. */
  begin(campaign: number, task: Task, think: (signal: AbortSignal) => Promise<Answer>): void;
  /** The answer; undefined while the agent is thinking, and for an unknown thought. */
  answer(id: number): Answer | undefined;
  /** Ideas that have not become experiments yet. */
  ideas(campaign: number): Extract<Answer, { kind: 'idea' }>[];
  /** To be called before the answer is stored: if GitHub's response gets lost, the next step can tell whether it was. */
  use(id: number, use: Use | null): void;
  /** Where its answer was to be stored; null if that was not tried. */
  useOf(id: number): Use | null;
  /** Aborts it. If it still gets an answer, that was paid for and is kept. */
  interrupt(id: number): void;
  /** Forgets it, because its answer was stored or is not needed. */
  drop(id: number): void;
}

interface Kept {
  thought: Omit<Thought, 'state'>;
  abort: AbortController;
  answer: Answer | null;
  use: Use | null;
}

/**
 * @param onAnswer called when a thought has ended
 * @param onError called with an error that an agent threw. `Agent` does not allow that; it counts as a failed thought
 */
export function createThinking(onAnswer: () => void, onError: (error: unknown) => void): Thinking {
  const kept = new Map<number, Kept>();
  let next = 1;
  const end = (id: number, answer: Answer) => {
    const known = kept.get(id);
    if (!known) return;
    known.answer = answer;
    onAnswer();
  };
  return {
    thoughts: () =>
      [...kept.values()].map(({ thought, answer }) => ({ ...thought, state: answer?.kind ?? 'thinking' })),
    begin(campaign, task, think) {
      const id = next++;
      const abort = new AbortController();
      kept.set(id, { thought: { id, campaign, task }, abort, answer: null, use: null });
      think(abort.signal).then(
        answer => end(id, answer),
        error => {
          if (abort.signal.aborted) {
            kept.delete(id);
            return onAnswer();
          }
          onError(error);
          const reason = error instanceof Error ? error.message : String(error);
          end(id, { agent: '', kind: 'failed', reason, cost: NO_COST });
        },
      );
    },
    answer: id => kept.get(id)?.answer ?? undefined,
    ideas: campaign =>
      [...kept.values()].flatMap(({ thought, answer }) =>
        thought.campaign === campaign && 'number' in thought.task && answer?.kind === 'idea' ? [answer] : [],
      ),
    use(id, use) {
      const known = kept.get(id);
      if (known) known.use = use;
    },
    useOf: id => kept.get(id)?.use ?? null,
    interrupt: id => kept.get(id)?.abort.abort(),
    drop(id) {
      kept.get(id)?.abort.abort();
      kept.delete(id);
    },
  };
}

/**
 * Interrupts thoughts that are not needed any more: their campaign has ended, or their experiment has changed. A thought with an answer
 * stays until its idea or its cost is stored, or as long as its campaign is not in the snapshot.
 */
export function dropUnwanted(thinking: Thinking, snapshot: Snapshot): void {
  for (const thought of thinking.thoughts()) {
    const { id, campaign, task, state } = thought;
    const there = snapshot.campaigns.find(({ issue }) => issue === campaign);
    const live = liveCampaigns(snapshot).some(({ issue }) => issue === campaign);
    if (state === 'thinking') {
      if (!(live && there && isAbout(snapshot, there, task))) thinking.interrupt(id);
    } else if (there?.state && isStored(thinking, snapshot, there.state, thought)) thinking.drop(id);
    // Its cost was not stored. Forget the expected total, which another cost could reach by chance.
    else if (there?.state && thinking.useOf(id)?.kind === 'failed') thinking.use(id, null);
  }
}

/** Whether an answer is stored where it was to be. */
function isStored(
  thinking: Thinking,
  snapshot: Snapshot,
  { failedCost }: CampaignState,
  { id, campaign, task }: Thought,
): boolean {
  const use = thinking.useOf(id);
  if (!use) return false;
  if (use.kind === 'failed') return isDeepStrictEqual(failedCost, use.cost);
  return snapshot.experiments.some(
    ({ marker }) =>
      marker.campaign === campaign &&
      marker.number === use.number &&
      isDeepStrictEqual(marker.idea, use.idea) &&
      !('commit' in task && marker.commit === task.commit),
  );
}
