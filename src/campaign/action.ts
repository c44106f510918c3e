/** Actions that the plan may choose: one at a time, safe to repeat, and with everything that carrying them out takes. */

import type { Contract } from '../protocol/contract.ts';
import type { Asked, CampaignBase, Final, Point, RecordedTrial, Verdict } from './marker.ts';
import type { Attempt, Campaign, Duplicate, Experiment, KnownCampaign, PendingCommand } from './model.ts';
import type { Phase } from './phase.ts';
import type { Task } from './thought.ts';

/** A campaign and its contract. */
export interface Work {
  campaign: KnownCampaign;
  contract: Contract;
}

export type Action =
  | { kind: 'answer'; command: PendingCommand }
  /** Tells people without permission, once for all commands on an issue. */
  | { kind: 'deny'; issue: number; commands: PendingCommand[] }
  | ({ kind: 'phase'; campaign: KnownCampaign } & Phase)
  /**
   * Comments once on the campaign's issue; `pause` also pauses the campaign for that reason. `queuedRun`: the text ends with the labels that
   * this run waits for and those of the runners.
   */
  | { kind: 'notify'; campaign: Campaign; key: string; text: string; pause: boolean; queuedRun?: number }
  | { kind: 'label'; experiment: Experiment }
  /** Restores the label by which the App finds a campaign after a restart. */
  | { kind: 'relabel'; campaign: Campaign }
  | (Work & { kind: 'dispatch'; experiment: Experiment | null; trial: string; seedIndex: number })
  /** Stores the result of a trial; a run that is still queued is cancelled. The state of an experiment's campaign may be lost. */
  | {
      kind: 'record';
      campaign: Campaign;
      contract: Contract;
      experiment: Experiment | null;
      attempt: Attempt;
    }
  /** Starts a thought of the campaign's agent, in the background. */
  | (Work & { kind: 'think'; task: Task })
  /** Turns the result of a thought about a new idea into a pull request, or counts it as failed. */
  | (Work & { kind: 'open'; number: number; thought: number })
  /** Opens a new experiment with the edits of a closed one, requested by a person. */
  | (Work & { kind: 'repeat'; number: number; asked: Asked })
  /** Opens an experiment with the edits of several closed ones, because their gains may add up, or because a person asked for it. */
  | (Work & { kind: 'stack'; number: number; parts: Experiment[]; asked: Asked | null })
  /** Tells a part of a merged stack, in a comment and by a label. */
  | { kind: 'credit'; part: Experiment; stack: Experiment }
  /** Leaves the decision about an experiment to people; the gate's `verdict` says why. */
  | (Work & { kind: 'hold'; experiment: Experiment; verdict: Verdict; trials: RecordedTrial[] })
  /** Counts the cost of a thought whose result is not needed any more, and forgets it. */
  | { kind: 'writeOff'; campaign: KnownCampaign; thought: number }
  | (Work & { kind: 'restack'; experiment: Experiment })
  /** Replaces an experiment's candidate with the result of a thought about it. */
  | (Work & { kind: 'revise'; experiment: Experiment; thought: number })
  /** Moves an experiment's branch to the commit in its marker. */
  | { kind: 'move'; experiment: Experiment }
  | (Work & { kind: 'merge'; experiment: Experiment; verdict: Verdict; trials: RecordedTrial[] })
  /** Closes an experiment with a verdict. If a person merged or closed it, only adds the verdict. `unfinished`: trials to cancel. */
  | {
      kind: 'close';
      experiment: Experiment;
      verdict: Verdict;
      trials: RecordedTrial[];
      unfinished: Attempt[];
    }
  /** Creates the campaign's own branch. */
  | { kind: 'createBase'; campaign: KnownCampaign }
  /** Stores the new tip of the campaign's own branch after a merge. */
  | { kind: 'followBase'; campaign: KnownCampaign; base: CampaignBase; tip: Point }
  /** Opens the pull request from the campaign's own branch into the default branch. */
  | (Work & { kind: 'promote'; base: CampaignBase })
  /** Deletes the branch of a campaign that merged nothing. */
  | { kind: 'deleteBase'; campaign: KnownCampaign; base: CampaignBase }
  /** Notes what is measured at the end of a campaign, before it is. */
  | { kind: 'addFinals'; campaign: KnownCampaign; finals: Final[] }
  /** Comments what a campaign that has ended came to. */
  | (Work & { kind: 'report' })
  /** Comments what a campaign that is still going has found so far. */
  | (Work & { kind: 'digest'; key: string })
  | { kind: 'tidy'; duplicate: Duplicate }
  /** Deletes an experiment's branch if it is still at `sha`. */
  | { kind: 'clean'; branch: string; sha: string }
  | { kind: 'wait'; seconds: number };

export type ActionOf<Kind extends Action['kind']> = Extract<Action, { kind: Kind }>;

/**
 * Identifies what an action is about, so that the same action has the same key at every step. The number of a new experiment and the
 * wording of a reason are left out: they may change from step to step.
 */
export function keyOf(action: Action): string {
  switch (action.kind) {
    case 'answer':
      return `answer ${action.command.comment}`;
    case 'deny':
      return `deny ${action.commands.map(({ comment }) => comment).join(' ')}`;
    case 'phase':
      return `${action.phase} #${action.campaign.issue}`;
    case 'notify':
      return `notify #${action.campaign.issue} ${action.key}`;
    case 'dispatch':
      return `dispatch ${action.trial}`;
    case 'record':
      // First from the run into the check run, then from there into the campaign's marker.
      return `record ${action.attempt.trial}${action.attempt.check?.measurement ? ' in the marker' : ''}`;
    case 'think':
      return `think #${action.campaign.issue} ${taskKey(action.task)}`;
    case 'open':
      return `open thought ${action.thought}`;
    case 'writeOff':
      return `write off thought ${action.thought}`;
    case 'repeat':
      return `repeat for ${action.asked.comment}`;
    case 'stack':
      return `stack ${action.parts.map(({ pull }) => `#${pull}`).join(' ')}`;
    case 'credit':
      return `credit #${action.part.pull}`;
    case 'revise':
      return `revise #${action.experiment.pull} by thought ${action.thought}`;
    case 'close':
      return `${action.verdict.kind} #${action.experiment.pull}`;
    case 'label':
    case 'hold':
    case 'restack':
    case 'move':
    case 'merge':
      return `${action.kind} #${action.experiment.pull}`;
    case 'followBase':
      return `followBase #${action.campaign.issue} to ${action.tip.sha}`;
    case 'relabel':
    case 'createBase':
    case 'promote':
    case 'deleteBase':
    case 'report':
      return `${action.kind} #${action.campaign.issue}`;
    case 'tidy':
      return `tidy ${action.duplicate.kind} ${action.duplicate.id}`;
    case 'clean':
      return `clean ${action.branch} at ${action.sha}`;
    case 'digest':
      return `#${action.campaign.issue} ${action.key}`;
    case 'addFinals':
      return `addFinals #${action.campaign.issue} ${action.finals.map(({ number }) => number).join(' ')}`;
    case 'wait':
      return 'wait';
  }
}

function taskKey(task: Task): string {
  if (task.kind === 'idea') return 'idea';
  return task.kind === 'try' ? `try ${task.comment}` : `${task.kind} #${task.pull} at ${task.commit}`;
}

/** What an action does, in a few words. */
export function describeAction(action: Action): string {
  switch (action.kind) {
    case 'phase':
      return `${action.phase}: ${action.reason}`;
    case 'notify':
      return `notify${action.pause ? ' and pause' : ''}: ${action.text}`;
    case 'dispatch':
      return `dispatch ${action.trial} seed ${action.seedIndex}`;
    case 'record':
      return `record ${action.attempt.trial}`;
    case 'think':
      if (action.task.kind === 'try') return `think of what comment ${action.task.comment} asks for`;
      return `think of ${action.task.kind === 'idea' ? 'an idea' : `a ${action.task.kind} of #${action.task.pull}`}`;
    case 'open':
      return `open ${action.number} from thought ${action.thought}`;
    case 'repeat':
      return `repeat #${action.asked.pull} as ${action.number}`;
    case 'stack':
      return `stack ${action.parts.map(({ pull }) => `#${pull}`).join(' ')} as ${action.number}`;
    case 'revise':
      return `revise #${action.experiment.pull}`;
    case 'clean':
      return `clean ${action.branch}`;
    default:
      return keyOf(action);
  }
}
