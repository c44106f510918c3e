/** Commands take effect: once, and only for people who may write. */

import type { Command, StartCommand } from '../../campaign/command.ts';
import { NO_COST } from '../../campaign/idea.ts';
import type { CampaignState } from '../../campaign/marker.ts';
import {
  type Campaign,
  type Experiment,
  isKnown,
  type PendingCommand,
  RESEARCH_LABEL,
  type Snapshot,
} from '../../campaign/model.ts';
import { stillAsked } from '../../campaign/people.ts';
import { ended, paused, RUNNING } from '../../campaign/phase.ts';
import { dollarsReached } from '../../campaign/plan/campaign-limits.ts';
import { countExperiments, hasEnded } from '../../campaign/queries.ts';
import {
  helpAnswer,
  mistakeAnswer,
  noCampaignAnswer,
  noPermissionAnswer,
  onIssueAnswer,
  onPullAnswer,
  refusalAnswer,
  unreadableAnswer,
} from '../../render/answer.ts';
import { statusComment } from '../../render/status.ts';
import type { Context } from '../context.ts';
import { refuse, reply } from '../replies.ts';
import { saveState } from '../state.ts';
import { giveUpChampion } from './close.ts';
import { obstacles } from './preconditions.ts';
import { speak } from './pull-commands.ts';
import type { Request } from './request.ts';
import { askToTry } from './requested-ideas.ts';
import { goingOn } from './resume.ts';

/**
 * Answers one command. The last write is the one that keeps it from being taken up again (the campaign's marker or the
 * answer's), so that a kill before it repeats only what may be repeated.
 */
export async function answerCommand(
  context: Context,
  snapshot: Snapshot,
  pending: PendingCommand,
): Promise<void> {
  const { port } = context;
  const { command } = pending;
  context.log.info({ issue: pending.issue, author: pending.author, command }, 'command');
  await port.react(pending.comment, 'eyes');
  const permission = await port.permission(pending.author);
  if (permission !== 'admin' && permission !== 'write')
    return refuse(context, pending, noPermissionAnswer(pending.author));
  if (command.kind === 'mistake') return refuse(context, pending, mistakeAnswer(command.message));
  const experiment = snapshot.experiments.find(found => found.pull === pending.issue);
  const request = withCampaign(snapshot, pending, experiment?.marker.campaign ?? pending.issue);
  if (experiment) return answerOnPull(context, snapshot, request, experiment, command.command.kind);
  if (snapshot.unreadable.some(({ pull }) => pull === pending.issue))
    return refuse(context, pending, unreadableAnswer());
  return answerOnIssue(context, snapshot, request, command.command);
}

function withCampaign(snapshot: Snapshot, pending: PendingCommand, issue: number): Request {
  return { ...pending, campaign: snapshot.campaigns.find(found => found.issue === issue) ?? null };
}

async function answerOnIssue(
  context: Context,
  snapshot: Snapshot,
  pending: Request,
  command: Command,
): Promise<void> {
  const { port } = context;
  const { campaign } = pending;
  switch (command.kind) {
    case 'help':
      await reply(port, pending.issue, pending.comment, helpAnswer());
      return;
    case 'start':
      return start(context, snapshot, pending, command);
    case 'status':
      if (!campaign?.state) return refuse(context, pending, noCampaignAnswer());
      await reply(port, pending.issue, pending.comment, statusComment(snapshot, campaign, campaign.state));
      return;
    case 'try':
      return askToTry(context, snapshot, pending, command.idea);
    case 'keep':
    case 'discard':
    case 'rerun':
      return refuse(context, pending, onIssueAnswer(command.kind));
    default:
      return turn(context, snapshot, pending, command.kind);
  }
}

/** On an experiment's pull request there are words for that experiment, and help. */
async function answerOnPull(
  context: Context,
  snapshot: Snapshot,
  pending: Request,
  experiment: Experiment,
  kind: Command['kind'],
): Promise<void> {
  switch (kind) {
    case 'keep':
    case 'discard':
    case 'rerun':
      return speak(context, snapshot, pending, experiment, kind);
    case 'help':
      await reply(context.port, pending.issue, pending.comment, helpAnswer());
      return;
    default:
      return refuse(context, pending, onPullAnswer(experiment.marker.campaign));
  }
}

/** `/research N`: a new campaign, or N more experiments for the one that is there. */
async function start(
  context: Context,
  snapshot: Snapshot,
  pending: Request,
  command: StartCommand,
): Promise<void> {
  const { port } = context;
  const { campaign } = pending;
  const issue = await port.issue(pending.issue);
  if (!issue?.open)
    return refuse(context, pending, 'This issue is closed. Open it again, or start on another one.');
  if (issue.isPull)
    return refuse(
      context,
      pending,
      'Campaigns live on issues, not on pull requests. Open an issue and comment there.',
    );
  const reasons = await obstacles(context, snapshot, pending.issue, command);
  const { contract } = snapshot;
  // A campaign whose state was lost may have experiments open: it goes on to their verdicts, and ends there.
  const spent =
    campaign?.state && contract.kind === 'contract'
      ? dollarsReached(snapshot, contract.contract, campaign)
      : null;
  if (spent !== null) reasons.push(spent);
  if (reasons.length > 0) return refuse(context, pending, refusalAnswer(reasons));
  await port.addLabel(pending.issue, RESEARCH_LABEL);
  await port.react(pending.comment, 'rocket');
  const there: Campaign = campaign ?? {
    issue: pending.issue,
    issueOpen: true,
    labelled: true,
    comment: null,
    state: null,
    notices: [],
  };
  const count = countExperiments(snapshot, there);
  const old = there.state ?? newState(context, pending, count);
  await saveState(port, snapshot, there, {
    ...(await goingOn(context, snapshot, { ...there, state: old })),
    // What an ended campaign left undone was given up; a campaign that goes on keeps what it still has to do.
    target: (hasEnded(old) ? count : old.target) + command.experiments,
    parallel: command.parallel ?? old.parallel,
    budgetSeconds: command.budgetSeconds ?? old.budgetSeconds,
    agent: command.agent ?? old.agent,
    topic: command.topic === '' ? old.topic : command.topic,
    comments: [...old.comments, pending.comment],
    asked: hasEnded(old) ? [] : stillAsked(snapshot, there),
  });
}

function newState(context: Context, pending: PendingCommand, experiments: number): CampaignState {
  return {
    version: 1,
    ...RUNNING,
    target: experiments,
    parallel: null,
    budgetSeconds: null,
    agent: null,
    topic: '',
    startedBy: pending.author,
    startedAt: context.now().toISOString(),
    comments: [],
    asked: [],
    baselines: [],
    failedProposals: [],
    failedInARow: 0,
    failedCost: NO_COST,
    notices: [],
    forgiven: { baselines: 0, experiments },
    base: null,
  };
}

async function turn(
  context: Context,
  snapshot: Snapshot,
  pending: Request,
  kind: 'pause' | 'resume' | 'stop',
): Promise<void> {
  const { campaign } = pending;
  if (!campaign || !isKnown(campaign)) return refuse(context, pending, noCampaignAnswer());
  const { state } = campaign;
  if (hasEnded(state))
    return refuse(
      context,
      pending,
      `This campaign is ${state.phase}. \`/research N\` goes on with N more experiments.`,
    );
  if (kind === 'resume' && !campaign.issueOpen)
    return refuse(context, pending, 'This issue is closed. Open it again first.');
  const comments = [...state.comments, pending.comment];
  const asked = `${pending.author} asked for it.`;
  await context.port.react(pending.comment, 'rocket');
  if (kind === 'stop') await giveUpChampion(context, snapshot, campaign);
  const next: CampaignState =
    kind === 'resume'
      ? { ...(await goingOn(context, snapshot, campaign)), comments }
      : {
          ...state,
          comments,
          ...(kind === 'pause' ? paused(asked) : ended('stopped', asked)),
        };
  await saveState(context.port, snapshot, campaign, next);
}
