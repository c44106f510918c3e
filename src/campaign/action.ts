/** What the plan may ask for: one action at a time, each safe to do again. */

import type { Asked, Point, RecordedTrial, Verdict } from './marker.ts';
import type { Attempt, Campaign, Duplicate, Experiment, PendingCommand } from './model.ts';
import type { Phase } from './phase.ts';
import type { Task } from './thought.ts';

export type Action =
  | { kind: 'answer'; command: PendingCommand }
  | ({ kind: 'phase'; campaign: Campaign } & Phase)
  /** Says something once on the campaign's issue; `pause` also pauses the campaign for that reason. */
  | { kind: 'notify'; campaign: Campaign; key: string; text: string; pause: boolean }
  | { kind: 'label'; experiment: Experiment }
  /** Puts the label back by which the App finds a campaign again. */
  | { kind: 'relabel'; campaign: Campaign }
  | { kind: 'dispatch'; campaign: Campaign; experiment: Experiment | null; trial: string; seedIndex: number }
  /** A run that has not ended is given up first. */
  | { kind: 'record'; campaign: Campaign; experiment: Experiment | null; attempt: Attempt }
  /** Has an agent think, beside the loop. */
  | { kind: 'think'; campaign: Campaign; task: Task }
  /** Makes what came of a thought about a new idea into a pull request, or counts it as failed. */
  | { kind: 'open'; campaign: Campaign; number: number; thought: number }
  /** Makes a new experiment of the edits of a closed one, because a person asked for it. */
  | { kind: 'repeat'; campaign: Campaign; number: number; asked: Asked }
  /** Leaves an experiment to people, which `verdict` (the gate's) says why. */
  | { kind: 'hold'; experiment: Experiment; verdict: Verdict; trials: RecordedTrial[] }
  /** Counts what a thought cost of which nothing will be made, and forgets it. */
  | { kind: 'writeOff'; campaign: Campaign; thought: number }
  | { kind: 'restack'; experiment: Experiment }
  /** Makes the experiment again from what came of a thought about it. */
  | { kind: 'revise'; experiment: Experiment; thought: number }
  /** The marker of a restacked experiment is ahead of its branch. */
  | { kind: 'move'; experiment: Experiment }
  /** `unfinished`: trials in flight that are given up with it. */
  | {
      kind: 'decide';
      experiment: Experiment;
      verdict: Verdict;
      trials: RecordedTrial[];
      unfinished: Attempt[];
    }
  /** Makes the campaign's own branch. */
  | { kind: 'found'; campaign: Campaign }
  /** Notes that a merge moved the campaign's own branch. */
  | { kind: 'follow'; campaign: Campaign; tip: Point }
  /** Opens the pull request that offers what a campaign found. */
  | { kind: 'promote'; campaign: Campaign }
  /** Deletes the branch of a campaign that merged nothing. */
  | { kind: 'disband'; campaign: Campaign }
  | { kind: 'tidy'; duplicate: Duplicate }
  /** Deletes an experiment's branch while it is at `sha`: another of that name is another branch. */
  | { kind: 'clean'; branch: string; sha: string }
  | { kind: 'wait'; seconds: number };

/** What an action is about, in a few words. */
export function describeAction(action: Action): string {
  switch (action.kind) {
    case 'answer':
      return `answer ${action.command.comment}`;
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
    case 'writeOff':
      return `write off thought ${action.thought}`;
    case 'decide':
      return `${action.verdict.kind} #${action.experiment.pull}`;
    case 'found':
    case 'follow':
    case 'promote':
    case 'disband':
      return `${action.kind} for #${action.campaign.issue}`;
    case 'tidy':
      return `tidy ${action.duplicate.kind} ${action.duplicate.id}`;
    case 'clean':
      return `clean ${action.branch}`;
    case 'repeat':
      return `repeat #${action.asked.pull} as ${action.number}`;
    case 'relabel':
      return `relabel #${action.campaign.issue}`;
    case 'wait':
      return 'wait';
    default:
      return `${action.kind} #${action.experiment.pull}`;
  }
}
