/** Answers of agents that are not needed any more: their cost still counts. */
import type { Action } from '../action.ts';
import { type Campaign, isKnown, type KnownCampaign, type Snapshot } from '../model.ts';
import { stillAsked } from '../people.ts';
import { countExperiments } from '../queries.ts';
import type { Task, Thought } from '../thought.ts';
import { limitReached, targetOf } from './campaign-limits.ts';

/** Writes off the first such answer; null if there is none. */
export function writeOff(snapshot: Snapshot, now: Date): Action | null {
  for (const thought of snapshot.thoughts) {
    const campaign = snapshot.campaigns.find(({ issue }) => issue === thought.campaign);
    if (!campaign || !isKnown(campaign) || thought.state === 'thinking') continue;
    if (!isWanted(snapshot, campaign, thought, now))
      return { kind: 'writeOff', campaign, thought: thought.id };
  }
  return null;
}

function isWanted(snapshot: Snapshot, campaign: KnownCampaign, { task }: Thought, now: Date): boolean {
  const { state } = campaign;
  if (state.phase !== 'running') return state.phase === 'paused';
  if (!isAbout(snapshot, campaign, task)) return false;
  if ('pull' in task) return true;
  if (snapshot.contract.kind !== 'contract') return true;
  const { contract } = snapshot.contract;
  return (
    countExperiments(snapshot, campaign) < targetOf(contract, state) &&
    limitReached(snapshot, contract, campaign, now) === null
  );
}

/** Whether a task is still about something: an open request, or an open experiment that has not changed. */
export function isAbout(snapshot: Snapshot, campaign: Campaign, task: Task): boolean {
  if (task.kind === 'idea') return true;
  if (task.kind === 'try')
    return stillAsked(snapshot, campaign).some(({ comment }) => comment === task.comment);
  return snapshot.experiments.some(
    ({ pull, state, marker }) => pull === task.pull && state === 'open' && marker.commit === task.commit,
  );
}
