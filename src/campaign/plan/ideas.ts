/** New ideas: what agents are asked for next, and which answer becomes an experiment. */
import type { Action, Work } from '../action.ts';
import { stackOf } from '../evidence/near-misses.ts';
import type { Experiment, KnownCampaign, Snapshot } from '../model.ts';
import { stillAsked } from '../people.ts';
import { countExperiments, experimentsOf, nextNumber } from '../queries.ts';
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

/** Makes an experiment from a person's request, or from the first answer of an agent. */
export function openNext({ snapshot, work, active, parallel, limit }: Turn): Action | null {
  if (active >= parallel || limit !== null) return null;
  const { campaign, contract } = work;
  // Another instance of the App may have opened one.
  if (countExperiments(snapshot, campaign) >= targetOf(contract, campaign.state)) return null;
  const number = nextNumber(snapshot, campaign);
  const asked = stillAsked(snapshot, campaign).find(({ pull, parts }) => pull !== null || parts.length > 0);
  if (asked && asked.parts.length > 0) {
    const parts = snapshot.experiments.filter(({ pull }) => asked.parts.includes(pull));
    return { kind: 'stack', ...work, number, parts, asked };
  }
  if (asked) return { kind: 'repeat', ...work, number, asked };
  const [thought] = ideasOf(snapshot, campaign)
    .filter(({ state }) => state !== 'thinking')
    .sort((a, b) => precedence(a) - precedence(b) || a.task.number - b.task.number);
  if (thought?.task.kind === 'try') return { kind: 'open', ...work, number, thought: thought.id };
  const parts = nearMisses(snapshot, work);
  if (parts.length > 0) return { kind: 'stack', ...work, number, parts, asked: null };
  return thought ? { kind: 'open', ...work, number, thought: thought.id } : null;
}

/** Closed ideas that are worth trying together; none while such a stack is being measured. */
function nearMisses(snapshot: Snapshot, { campaign, contract }: Work): Experiment[] {
  const isOpen = experimentsOf(snapshot, campaign).some(
    ({ state, marker }) => state === 'open' && marker.parts.length > 0,
  );
  return isOpen ? [] : stackOf(snapshot, contract, campaign);
}

/** Requests by people come first. */
function precedence({ task }: IdeaThought): number {
  return task.kind === 'try' ? 0 : 1;
}

/** Asks an agent for the next idea, requests by people first, so that no runner has to wait for one. */
export function thinkNext({ snapshot, work, active, parallel }: Turn): Action | null {
  const { campaign, contract } = work;
  const thoughts = ideasOf(snapshot, campaign);
  const number = freeNumber(snapshot, campaign, thoughts);
  const ahead = agentCan('thinksAhead', contract, campaign);
  const begun = new Set(thoughts.map(({ task }) => (task.kind === 'try' ? task.comment : 0)));
  const asked = stillAsked(snapshot, campaign).filter(({ comment }) => !begun.has(comment));
  const next = asked.find(({ pull, parts }) => pull === null && parts.length === 0);
  if (next && (ahead || active < parallel))
    return { kind: 'think', ...work, task: { kind: 'try', number, comment: next.comment } };
  const left = targetOf(contract, campaign.state) - countExperiments(snapshot, campaign);
  const room = left - thoughts.length - asked.length;
  if (!shouldThink(thoughts, { parallel, open: active, room, ahead })) return null;
  return { kind: 'think', ...work, task: { kind: 'idea', number } };
}

/** The next number that no experiment and no thought has. */
function freeNumber(snapshot: Snapshot, campaign: KnownCampaign, thoughts: readonly IdeaThought[]): number {
  const taken = new Set(thoughts.map(({ task }) => task.number));
  let number = nextNumber(snapshot, campaign);
  while (taken.has(number)) number++;
  return number;
}
