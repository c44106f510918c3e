/** Carries out commands: each once, and only for people with write permission. */
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
  onIssueAnswer,
  onPullAnswer,
  refusalAnswer,
  unreadableAnswer,
} from '../../render/answer.ts';
import { statusComment } from '../../render/status.ts';
import { escapeMarkdown } from '../../text/markdown.ts';
import type { Context } from '../context.ts';
import { refuse, reply } from '../replies.ts';
import { saveState } from '../state.ts';
import { cancelOwnTrials } from './close.ts';
import { obstacles } from './preconditions.ts';
import { answerOnExperiment } from './pull-commands.ts';
import type { Request } from './request.ts';
import { requestIdea, requestStack } from './requested-ideas.ts';
import { continued } from './resume.ts';
import { reportSurvey } from './survey.ts';

/**
 * Carries out one command. The last write stores that this is done, in the campaign's marker or the reply's, so that everything before
 * it can be repeated after a kill.
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
      return requestIdea(context, snapshot, pending, command.idea);
    case 'stack':
      return requestStack(context, snapshot, pending, command.pulls);
    case 'keep':
    case 'discard':
    case 'rerun':
      return refuse(context, pending, onIssueAnswer(command.kind));
    default:
      return turn(context, snapshot, pending, command.kind);
  }
}

/** An experiment's pull request takes the commands for a single experiment, and `help`. */
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
      return answerOnExperiment(context, snapshot, pending, experiment, kind);
    case 'help':
      await reply(context.port, pending.issue, pending.comment, helpAnswer());
      return;
    default:
      return refuse(context, pending, onPullAnswer(experiment.marker.campaign));
  }
}

/** `/research N`: a new campaign, or N more experiments in the existing one. */
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
    return refuse(context, pending, 'This issue is closed. Reopen it, or start on another issue.');
  if (issue.isPull)
    return refuse(
      context,
      pending,
      'Campaigns run on issues, not on pull requests. Open an issue and comment there.',
    );
  const reasons = await obstacles(context, snapshot, pending.issue, command);
  const { contract } = snapshot;
  // A campaign whose state was lost may have open experiments. It continues until they have their verdicts.
  const spent =
    campaign?.state && contract.kind === 'contract'
      ? dollarsReached(snapshot, contract.contract, campaign)
      : null;
  if (spent !== null) reasons.push(spent);
  if (reasons.length > 0) return refuse(context, pending, refusalAnswer(reasons));
  await port.addLabel(pending.issue, RESEARCH_LABEL);
  await port.react(pending.comment, 'rocket');
  await reportSurvey(context, snapshot, pending.issue, command);
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
    ...(await continued(context, snapshot, { ...there, state: old })),
    // An ended campaign dropped its remaining experiments and requests; any other keeps them.
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
    misfits: [],
    notices: [],
    forgiven: { baselines: 0, experiments },
    finals: [],
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
      `This campaign is ${state.phase}. Continue it with N more experiments: \`/research N\`.`,
    );
  if (kind === 'resume' && !campaign.issueOpen)
    return refuse(context, pending, 'This issue is closed. Reopen it first.');
  const comments = [...state.comments, pending.comment];
  const requested = `Requested by ${escapeMarkdown(pending.author)}.`;
  await context.port.react(pending.comment, 'rocket');
  if (kind === 'stop') await cancelOwnTrials(context, snapshot, campaign);
  const next: CampaignState =
    kind === 'resume'
      ? { ...(await continued(context, snapshot, campaign)), comments }
      : {
          ...state,
          comments,
          ...(kind === 'pause' ? paused(requested) : ended('stopped', requested)),
        };
  await saveState(context.port, snapshot, campaign, next);
}
