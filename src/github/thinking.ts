/** Agents at work beside the loop. What they think of is lost when the App ends, and then asked for again. */
import type { Proposal } from '../agents/agent.ts';
import { NO_COST } from '../campaign/idea.ts';
import type { Campaign, Snapshot } from '../campaign/model.ts';
import { liveCampaigns } from '../campaign/queries.ts';
import type { Task, Thought } from '../campaign/thought.ts';
import { stillAsked } from '../campaign/words.ts';

/** What came of a thought, and who thought it. */
type Answer = { agent: string } & Proposal;

export interface Thinking {
  /** All thoughts, oldest first. */
  thoughts(): Thought[];
  /** Begins a thought; `think` gets a signal that is aborted when nobody waits for it any more. */
  begin(campaign: number, task: Task, think: (signal: AbortSignal) => Promise<Answer>): void;
  /** What came of it; undefined while it is thought about, and where it is not known. */
  answer(id: number): Answer | undefined;
  /** Ideas that no experiment was made of yet. */
  ideas(campaign: number): Extract<Answer, { kind: 'idea' }>[];
  /** Forgets it: its answer was used, or nobody waits for it. */
  drop(id: number): void;
}

interface Kept {
  thought: Omit<Thought, 'state'>;
  abort: AbortController;
  answer: Answer | null;
}

/**
 * @param onAnswer called when a thought has come to an end
 * @param onError called with what an agent threw, which the contract of `Agent` does not allow; it counts as a failed thought
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
      kept.set(id, { thought: { id, campaign, task }, abort, answer: null });
      think(abort.signal).then(
        answer => end(id, answer),
        error => {
          if (abort.signal.aborted) return;
          onError(error);
          const reason = error instanceof Error ? error.message : String(error);
          end(id, { agent: '', kind: 'failed', reason, cost: NO_COST });
        },
      );
    },
    answer: id => kept.get(id)?.answer ?? undefined,
    ideas: campaign =>
      [...kept.values()].flatMap(({ thought, answer }) =>
        thought.campaign === campaign && answer?.kind === 'idea' ? [answer] : [],
      ),
    drop(id) {
      kept.get(id)?.abort.abort();
      kept.delete(id);
    },
  };
}

/** Forgets what nobody waits for: thoughts of campaigns that have ended, and about experiments that are no longer what they were. */
export function dropUnwanted(thinking: Thinking, snapshot: Snapshot): void {
  for (const { id, campaign, task } of thinking.thoughts()) {
    const live = liveCampaigns(snapshot).find(({ issue }) => issue === campaign);
    if (!live || !isWanted(snapshot, live, task)) thinking.drop(id);
  }
}

function isWanted(snapshot: Snapshot, campaign: Campaign, task: Task): boolean {
  if (task.kind === 'idea') return true;
  if (task.kind === 'try')
    return stillAsked(snapshot, campaign).some(({ comment }) => comment === task.comment);
  return snapshot.experiments.some(
    ({ pull, state, marker }) => pull === task.pull && state === 'open' && marker.commit === task.commit,
  );
}
