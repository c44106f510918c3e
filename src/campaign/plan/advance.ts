/** The current campaign's next step: measure the champion, advance what is open, think of something new, or finish. */

import { quote } from '../../text/markdown.ts';
import type { Action, Work } from '../action.ts';
import { budgetOf, championIsMeasured } from '../evidence/evidence.ts';
import { MAX_FAILED_PROPOSALS } from '../marker.ts';
import { type Attempt, flagNotice, type Run, type Snapshot } from '../model.ts';
import { stillAsked, waitingReason, waitsForPeople } from '../people.ts';
import {
  countExperiments,
  currentCampaign,
  experimentsOf,
  type LiveCampaign,
  nextNumber,
  openExperiments,
  secondsSince,
  trialParts,
} from '../queries.ts';
import type { Thought } from '../thought.ts';
import { limitReached, targetOf } from './campaign-limits.ts';
import { measureChampion, suspectMachine } from './champion.ts';
import { isLost, LOOK_AGAIN_SECONDS, waitForAttempt } from './dispatch.ts';
import { advanceExperiment } from './experiment.ts';
import { agentOf, isModel, shouldThink } from './think.ts';

const NO_RUNNER_NOTICE_SECONDS = 600;
const NO_RUNNER_PAUSE_SECONDS = 3600;
/** Keys of what is said of runs that wait, before the number of the last one. */
const NO_RUNNER_KEY = 'no runner for run';
const PAUSED_KEY = 'paused for run';

/** The current campaign's next step: judge, measure, or think of something new. */
export function advance(snapshot: Snapshot, now: Date): Action | null {
  const campaign = currentCampaign(snapshot);
  if (!campaign || snapshot.contract.kind !== 'contract') return null;
  const { contract } = snapshot.contract;
  const work = { campaign, contract };
  const open = openExperiments(snapshot, campaign);
  // What waits for people needs no runner.
  const active = open.filter(experiment => !waitsForPeople(experiment)).length;
  const stuck = noRunner(snapshot, work, now);
  if (stuck) return stuck;
  const parallel = campaign.state.parallel ?? contract.parallel;
  const limit = limitReached(snapshot, contract, campaign, now);
  const doubt =
    limit === null ? (suspectMachine(snapshot, work, now) ?? pauseForCrashes(snapshot, work)) : null;
  const steps = championIsMeasured(snapshot, budgetOf(contract, campaign))
    ? [
        ...open.map(experiment => advanceExperiment(snapshot, work, experiment, now)),
        doubt ?? (active < parallel && limit === null ? openNext(snapshot, work) : null),
      ]
    : limit !== null && active === 0
      ? // Nobody will be judged against it; what is in flight is still recorded.
        [waitForAttempt(snapshot, work, null, now)]
      : [measureChampion(snapshot, work, parallel, now)];
  const next = steps.find(
    step => step !== null && step.kind !== 'wait' && !isOneTooMany(snapshot, campaign, parallel, step, now),
  );
  const busy = active > 0 || steps.some(step => step !== null);
  return (
    next ??
    doubt ??
    (limit === null
      ? thinkOrFinish(snapshot, work, active, parallel)
      : endAtLimit(snapshot, campaign, limit, busy)) ?? {
      kind: 'wait',
      seconds: LOOK_AGAIN_SECONDS,
    }
  );
}

/** What a person decided beyond the gate, and what got lost on the way and made room for another, may come when every runner is taken. */
function isOneTooMany(
  snapshot: Snapshot,
  campaign: LiveCampaign,
  parallel: number,
  step: Action,
  now: Date,
): boolean {
  if (step.kind !== 'dispatch') return false;
  const running = [...snapshot.attempts.values()].filter(
    attempt =>
      trialParts(attempt.trial).issue === campaign.issue &&
      !attempt.check?.measurement &&
      !isLost(attempt, now),
  );
  return running.length >= parallel;
}

/** What a person asked for, or what came of the first finished thought, becomes an experiment. */
function openNext(snapshot: Snapshot, work: Work): Action | null {
  const { campaign, contract } = work;
  // Another App may have made one meanwhile.
  if (countExperiments(snapshot, campaign) >= targetOf(contract, campaign.state)) return null;
  const repeated = stillAsked(snapshot, campaign).find(({ pull }) => pull !== null);
  if (repeated) return { kind: 'repeat', ...work, number: nextNumber(snapshot, campaign), asked: repeated };
  const [thought] = ideasOf(snapshot, campaign)
    .filter(({ state }) => state !== 'thinking')
    .sort((a, b) => turnOf(a) - turnOf(b) || a.task.number - b.task.number);
  if (!thought) return null;
  return { kind: 'open', ...work, number: nextNumber(snapshot, campaign), thought: thought.id };
}

/** What is open is judged first, and what is thought about is waited for, so that its price is known. */
function endAtLimit(
  snapshot: Snapshot,
  campaign: LiveCampaign,
  reason: string,
  busy: boolean,
): Action | null {
  const flagged = flaggedPause(snapshot, campaign);
  if (flagged) return flagged;
  if (busy || snapshot.thoughts.some(thought => thought.campaign === campaign.issue)) return null;
  return pauseForPeople(snapshot, campaign) ?? { kind: 'phase', campaign, phase: 'finished', reason };
}

type IdeaThought = Thought & { task: { kind: 'idea' | 'try' } };

function ideasOf(snapshot: Snapshot, campaign: LiveCampaign): IdeaThought[] {
  return snapshot.thoughts.filter(
    (thought): thought is IdeaThought => thought.campaign === campaign.issue && 'number' in thought.task,
  );
}

/** People's ideas come first. */
function turnOf({ task }: IdeaThought): number {
  return task.kind === 'try' ? 0 : 1;
}

/**
 * Runs that no runner picks up are said after ten minutes, and pause the campaign after an hour. While any run is in progress the others
 * wait for its runner, and after one ended the next gets that long to be picked up.
 */
function noRunner(snapshot: Snapshot, work: Work, now: Date): Action | null {
  const { campaign } = work;
  const attempts = [...snapshot.attempts.values()];
  if (attempts.some(({ run }) => run?.status === 'in_progress')) return null;
  const queued = attempts
    .flatMap(attempt => (attempt.run?.status === 'queued' ? [{ attempt, run: attempt.run }] : []))
    .filter(
      ({ attempt }) =>
        trialParts(attempt.trial).issue === campaign.issue && attempt.check?.measurement == null,
    )
    .sort((a, b) => a.run.id - b.run.id);
  const [first, last] = [queued[0], queued.at(-1)];
  if (!first || !last) return null;
  const { attempt, run } = first;
  const sinceLast = snapshot.runEndedAt === null ? Infinity : secondsSince(snapshot.runEndedAt, now);
  const waited = Math.min(secondsSince(run.createdAt, now), sinceLast);
  if (waited >= NO_RUNNER_PAUSE_SECONDS) {
    if (wasSaid(campaign, PAUSED_KEY, run)) return giveUpRun(snapshot, work, attempt);
    const text = `No runner picked up trial ${attempt.trial} for an hour, so the campaign pauses. Start a self-hosted runner with the labels of the workflow, then comment \`/research resume\`.`;
    return { kind: 'notify', campaign, key: `${PAUSED_KEY} ${last.run.id}`, text, pause: true };
  }
  if (waited >= NO_RUNNER_NOTICE_SECONDS && !wasSaid(campaign, NO_RUNNER_KEY, run)) {
    const text = `No runner has picked up trial ${attempt.trial} for ten minutes ([run](${run.url})). Is a self-hosted runner with the labels of the workflow online? After an hour the campaign pauses.`;
    return { kind: 'notify', campaign, key: `${NO_RUNNER_KEY} ${last.run.id}`, text, pause: false };
  }
  return null;
}

/** A notice names the last run that waited when it was made, and holds for those before it, too: GitHub numbers runs in their order. */
function wasSaid({ state }: LiveCampaign, key: string, { id }: Run): boolean {
  return state.notices.some(notice => notice.startsWith(`${key} `) && Number(notice.split(' ').at(-1)) >= id);
}

/** It was said, and a person resumed the campaign: the stale run is taken for the machine's fault, and its trial is taken anew. */
function giveUpRun(snapshot: Snapshot, work: Work, attempt: Attempt): Action | null {
  const { experiment: number } = trialParts(attempt.trial);
  const experiment = openExperiments(snapshot, work.campaign).find(({ marker }) => marker.number === number);
  return number === 0 || experiment
    ? { kind: 'record', ...work, experiment: experiment ?? null, attempt }
    : null;
}

/** A verdict that a person has to look at is waited for. */
function flaggedPause(snapshot: Snapshot, campaign: LiveCampaign): Action | null {
  const flagged = experimentsOf(snapshot, campaign).find(
    each => each.marker.verdict?.kind === 'flagged' && !campaign.state.notices.includes(flagNotice(each)),
  );
  if (!flagged) return null;
  return {
    kind: 'phase',
    campaign,
    phase: 'paused',
    reason: `#${flagged.pull} is not to be trusted unseen, as its verdict says. Look at what it does, then comment \`/research resume\`.`,
  };
}

/** When nothing is left but what only people can decide. */
function pauseForPeople(snapshot: Snapshot, campaign: LiveCampaign): Action | null {
  const waiting = experimentsOf(snapshot, campaign).filter(waitsForPeople);
  return waiting.length > 0
    ? { kind: 'phase', campaign, phase: 'paused', reason: waitingReason(waiting) }
    : null;
}

function thinkOrFinish(snapshot: Snapshot, work: Work, open: number, parallel: number): Action | null {
  const { campaign, contract } = work;
  const target = targetOf(contract, campaign.state);
  const { state } = campaign;
  const flagged = flaggedPause(snapshot, campaign);
  if (flagged) return flagged;
  if (countExperiments(snapshot, campaign) >= target) {
    if (open > 0) return null;
    const waiting = pauseForPeople(snapshot, campaign);
    if (waiting) return waiting;
    const reason =
      target < state.target
        ? `The contract's limit of ${target} experiments was reached.`
        : 'All experiments have a verdict.';
    return { kind: 'phase', campaign, phase: 'finished', reason };
  }
  if (state.failedInARow >= MAX_FAILED_PROPOSALS)
    return {
      kind: 'phase',
      campaign,
      phase: 'paused',
      reason: `${MAX_FAILED_PROPOSALS} proposals in a row came to nothing, at last: ${quote(state.failedProposals.at(-1) ?? '')}. Mend that, then comment \`/research resume\`.`,
    };
  return thinkNext(snapshot, work, open, parallel);
}

/** When too many of the last experiments that have a verdict crashed, and there is more to come. */
function pauseForCrashes(snapshot: Snapshot, { campaign, contract }: Work): Action | null {
  const most = contract.limits.crashes_in_a_row;
  const last = experimentsOf(snapshot, campaign)
    .slice(campaign.state.forgiven.experiments)
    .filter(({ marker }) => marker.verdict !== null)
    .slice(-most);
  if (countExperiments(snapshot, campaign) >= targetOf(contract, campaign.state)) return null;
  if (last.length < most || last.some(({ marker }) => marker.verdict?.kind !== 'crash')) return null;
  return {
    kind: 'phase',
    campaign,
    phase: 'paused',
    reason: `${last.length} experiments in a row crashed. Look at the last ones, then comment \`/research resume\`.`,
  };
}

/** What to think of now: what people asked for first, then new ideas, so that no runner waits for one. */
function thinkNext(snapshot: Snapshot, work: Work, open: number, parallel: number): Action | null {
  const { campaign, contract } = work;
  const thoughts = ideasOf(snapshot, campaign);
  const taken = new Set(thoughts.map(({ task }) => task.number));
  let number = nextNumber(snapshot, campaign);
  while (taken.has(number)) number++;
  const ahead = isModel(agentOf(contract, campaign));
  const begun = new Set(thoughts.map(({ task }) => (task.kind === 'try' ? task.comment : 0)));
  const asked = stillAsked(snapshot, campaign).filter(({ comment }) => !begun.has(comment));
  const next = asked.find(({ pull }) => pull === null);
  if (next && (ahead || open < parallel))
    return { kind: 'think', ...work, task: { kind: 'try', number, comment: next.comment } };
  const room =
    targetOf(contract, campaign.state) -
    countExperiments(snapshot, campaign) -
    thoughts.length -
    asked.length;
  if (!shouldThink(thoughts, { parallel, open, room, ahead })) return null;
  return { kind: 'think', ...work, task: { kind: 'idea', number } };
}
