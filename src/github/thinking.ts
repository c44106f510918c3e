/** Agents at work beside the loop. What they think of is lost when the App ends, and then asked for again. */
import { isDeepStrictEqual } from 'node:util';
import type { Proposal } from '../agents/agent.ts';
import { type Cost, NO_COST } from '../campaign/idea.ts';
import type { CampaignState } from '../campaign/marker.ts';
import type { Snapshot } from '../campaign/model.ts';
import { isAbout } from '../campaign/plan/write-off.ts';
import { liveCampaigns } from '../campaign/queries.ts';
import type { Task, Thought } from '../campaign/thought.ts';

/** What came of a thought, and who thought it. */
type Answer = { agent: string } & Proposal;

/** Where an answer is about to be written down: in the experiment of that number, or in what its campaign has spent for nothing. */
type Use = { kind: 'experiment'; number: number } | { kind: 'failed'; cost: Cost };

export interface Thinking {
  /** All thoughts, oldest first. */
  thoughts(): Thought[];
  /** Begins a thought; `think` gets a signal that is aborted when nobody waits for it any more. */
  begin(campaign: number, task: Task, think: (signal: AbortSignal) => Promise<Answer>): void;
  /** What came of it; undefined while it is thought about, and where it is not known. */
  answer(id: number): Answer | undefined;
  /** Ideas that no experiment was made of yet. */
  ideas(campaign: number): Extract<Answer, { kind: 'idea' }>[];
  /** To be said before the answer is written down: where GitHub's word that it was gets lost, the next look can tell. */
  use(id: number, use: Use | null): void;
  /** How its answer was to be written down; null where that was not tried. */
  useOf(id: number): Use | null;
  /** Nobody waits for it any more. Where it comes to an answer all the same, that was paid for and is kept. */
  interrupt(id: number): void;
  /** Forgets it: its answer was used, or nobody waits for it. */
  drop(id: number): void;
}

interface Kept {
  thought: Omit<Thought, 'state'>;
  abort: AbortController;
  answer: Answer | null;
  use: Use | null;
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
 * Interrupts what nobody waits for: thoughts of campaigns that have ended, and about experiments that are no longer what they were.
 * What has an answer stays until it was used or its cost was counted, and until its campaign is seen again where it is not; and is
 * forgotten where it turns out that it was.
 */
export function dropUnwanted(thinking: Thinking, snapshot: Snapshot): void {
  for (const thought of thinking.thoughts()) {
    const { id, campaign, task, state } = thought;
    const there = snapshot.campaigns.find(({ issue }) => issue === campaign);
    const live = liveCampaigns(snapshot).some(({ issue }) => issue === campaign);
    if (state === 'thinking') {
      if (!(live && there && isAbout(snapshot, there, task))) thinking.interrupt(id);
    } else if (there?.state && isWritten(thinking, snapshot, there.state, thought)) thinking.drop(id);
    // It was not counted: what others will have cost must not be taken for it.
    else if (there?.state && thinking.useOf(id)?.kind === 'failed') thinking.use(id, null);
  }
}

/** Whether an answer stands where it was to be written down. */
function isWritten(
  thinking: Thinking,
  snapshot: Snapshot,
  { failedCost }: CampaignState,
  { id, campaign, task }: Thought,
): boolean {
  const [answer, use] = [thinking.answer(id), thinking.useOf(id)];
  if (!answer || !use) return false;
  if (use.kind === 'failed') return isDeepStrictEqual(failedCost, use.cost);
  return snapshot.experiments.some(
    ({ marker }) =>
      marker.campaign === campaign &&
      marker.number === use.number &&
      answer.kind === 'idea' &&
      isDeepStrictEqual(marker.idea, answer.idea) &&
      !('commit' in task && marker.commit === task.commit),
  );
}
