/** New ideas: what is thought of next, and what is made into an experiment. */
import type { Action } from '../action.ts';
import type { KnownCampaign, Snapshot } from '../model.ts';
import { stillAsked } from '../people.ts';
import { countExperiments, nextNumber } from '../queries.ts';
import type { Thought } from '../thought.ts';
import { targetOf } from './campaign-limits.ts';
import { agentCan, shouldThink } from './think.ts';
import type { Turn } from './turn.ts';

type IdeaThought = Thought & { task: { kind: 'idea' | 'try' } };

function ideasOf(snapshot: Snapshot, campaign: KnownCampaign): IdeaThought[] {
  return snapshot.thoughts.filter(
    (thought): thought is IdeaThought => thought.campaign === campaign.issue && 'number' in thought.task,
  );
}

/** What a person asked for, or what came of the first finished thought, becomes an experiment. */
export function openNext({ snapshot, work, active, parallel, limit }: Turn): Action | null {
  if (active >= parallel || limit !== null) return null;
  const { campaign, contract } = work;
  // Another App may have made one meanwhile.
  if (countExperiments(snapshot, campaign) >= targetOf(contract, campaign.state)) return null;
  const number = nextNumber(snapshot, campaign);
  const repeated = stillAsked(snapshot, campaign).find(({ pull }) => pull !== null);
  if (repeated) return { kind: 'repeat', ...work, number, asked: repeated };
  const [thought] = ideasOf(snapshot, campaign)
    .filter(({ state }) => state !== 'thinking')
    .sort((a, b) => turnOf(a) - turnOf(b) || a.task.number - b.task.number);
  return thought ? { kind: 'open', ...work, number, thought: thought.id } : null;
}

/** People's ideas come first. */
function turnOf({ task }: IdeaThought): number {
  return task.kind === 'try' ? 0 : 1;
}

/** What to think of now: what people asked for first, then new ideas, so that no runner waits for one. */
export function thinkNext({ snapshot, work, active, parallel }: Turn): Action | null {
  const { campaign, contract } = work;
  const thoughts = ideasOf(snapshot, campaign);
  const number = freeNumber(snapshot, campaign, thoughts);
  const ahead = agentCan('thinksAhead', contract, campaign);
  const begun = new Set(thoughts.map(({ task }) => (task.kind === 'try' ? task.comment : 0)));
  const asked = stillAsked(snapshot, campaign).filter(({ comment }) => !begun.has(comment));
  const next = asked.find(({ pull }) => pull === null);
  if (next && (ahead || active < parallel))
    return { kind: 'think', ...work, task: { kind: 'try', number, comment: next.comment } };
  const left = targetOf(contract, campaign.state) - countExperiments(snapshot, campaign);
  const room = left - thoughts.length - asked.length;
  if (!shouldThink(thoughts, { parallel, open: active, room, ahead })) return null;
  return { kind: 'think', ...work, task: { kind: 'idea', number } };
}

/** Number of an experiment that does not exist and that nobody thinks about. */
function freeNumber(snapshot: Snapshot, campaign: KnownCampaign, thoughts: readonly IdeaThought[]): number {
  const taken = new Set(thoughts.map(({ task }) => task.number));
  let number = nextNumber(snapshot, campaign);
  while (taken.has(number)) number++;
  return number;
}
