/** What agents are asked: the champion's files, the history, and what is wrong with an idea. */

import { isDeepStrictEqual } from 'node:util';
import type { LedgerLine, ProposalRequest } from '../../agents/agent.ts';
import type { Work } from '../../campaign/action.ts';
import { budgetOf, championValues } from '../../campaign/evidence/evidence.ts';
import type { Idea } from '../../campaign/idea.ts';
import { type Campaign, type Experiment, measuredValues, type Snapshot } from '../../campaign/model.ts';
import { stillAsked } from '../../campaign/people.ts';
import { paused } from '../../campaign/phase.ts';
import { experimentsOf, nextNumber, trialsOf } from '../../campaign/queries.ts';
import type { Task } from '../../campaign/thought.ts';
import { mean } from '../../gate/mean.ts';
import type { Context } from '../context.ts';
import { askTwice, messageOf, statusOf } from '../errors.ts';
import { MAX_BODY, writeMarker } from '../marker.ts';
import type { GitHubPort } from '../port.ts';
import { saveState } from '../state.ts';
import { readFiles } from './candidate.ts';

/** Room that a pull request's body keeps for trials and verdict. */
const ROOM_FOR_TRIALS = 20_000;

/** Who is asked, and about what. */
type Asked = Work & { task: Task };

/** Has the campaign's agent think about `task`. A campaign whose agent cannot work is paused. */
export async function think(context: Context, snapshot: Snapshot, asked: Asked): Promise<void> {
  const { campaign, contract, task } = asked;
  const { state } = campaign;
  const chosen = context.chooseAgent(contract, context.agentEnv, state.agent ?? undefined);
  if (chosen.kind === 'problem') {
    const reason = `${chosen.message} Then comment \`/research resume\`.`;
    return saveState(context.port, snapshot, campaign, { ...state, ...paused(reason) });
  }
  const { agent } = chosen;
  const request = await proposalRequest(context, snapshot, asked);
  context.thinking.begin(campaign.issue, task, async signal => {
    const proposal = await agent.propose(request, signal);
    const reason = proposal.kind === 'failed' ? { reason: proposal.reason } : {};
    context.log.info({ issue: campaign.issue, task, answer: proposal.kind, ...reason }, 'thought');
    return { agent: agent.name, ...proposal };
  });
}

async function proposalRequest(
  context: Context,
  snapshot: Snapshot,
  { campaign, contract, task }: Asked,
): Promise<ProposalRequest> {
  const { base } = snapshot;
  const budgetSeconds = budgetOf(contract, campaign);
  const champion = championValues(snapshot, budgetSeconds);
  return {
    number: 'number' in task ? task.number : nextNumber(snapshot, campaign),
    brief: (await askTwice(() => context.port.file(contract.brief, base.sha))) ?? '',
    metric: contract.metric,
    budgetSeconds,
    files: await readFiles(context.port, contract.editable, base.sha),
    championValue: champion.length > 0 ? asToldToAgents(mean(champion)) : null,
    ledger: [...ledgerFor(experimentsOf(snapshot, campaign)), ...thoughtOf(context, snapshot, campaign)],
    topic: campaign.state.topic,
    wish: wishOf(snapshot, campaign, task),
    again: againOf(snapshot, task),
    // What cannot be asked now is asked when the idea is opened.
    objection: async (idea, changed) =>
      sameAsWaiting(context, snapshot, campaign, changed) ??
      (await objection(context, snapshot, idea, changed).catch(() => null)),
  };
}

/** What the agent is to do with an experiment that exists; null for a new idea. */
function againOf(snapshot: Snapshot, task: Task): ProposalRequest['again'] {
  if (!('pull' in task)) return null;
  const experiment = snapshot.experiments.find(({ pull }) => pull === task.pull);
  if (!experiment) throw new Error(`Expected an experiment #${task.pull} to ${task.kind}, found none.`);
  const crash = trialsOf(snapshot, experiment).find(({ outcome }) => outcome.status === 'crash')?.outcome;
  return {
    kind: task.kind,
    idea: experiment.marker.idea,
    problem: crash?.status === 'crash' ? `${crash.message}\n${crash.traceback}` : '',
  };
}

/** The idea of a person that is to become the experiment; null where the agent is to have one. */
function wishOf(snapshot: Snapshot, campaign: Campaign, task: Task): string | null {
  if (task.kind !== 'try') return null;
  return stillAsked(snapshot, campaign).find(({ comment }) => comment === task.comment)?.idea ?? null;
}

/** Ideas that wait for a runner: to another thought they are as if they were running. */
function thoughtOf(context: Context, snapshot: Snapshot, campaign: Campaign): LedgerLine[] {
  const first = nextNumber(snapshot, campaign);
  return context.thinking.ideas(campaign.issue).map(({ idea }, i) => ({
    number: first + i,
    ...idea,
    status: 'running',
    value: null,
    championValue: null,
    note: '',
  }));
}

/** Four decimals, or for the very small four digits: what lies behind them would be a way to learn the held-out text. */
function asToldToAgents(value: number): number {
  return Math.abs(value) >= 0.01 ? Math.round(value * 1e4) / 1e4 : Number(value.toPrecision(4));
}

/** What the agent is told of the past: successes, failures and crashes. */
function ledgerFor(experiments: readonly Experiment[]): LedgerLine[] {
  return experiments.map(({ state, marker }) => {
    const values = measuredValues(marker.trials);
    const crash = marker.trials.find(trial => trial.outcome.status === 'crash')?.outcome;
    const told = (value: number | null | undefined) => (value == null ? null : asToldToAgents(value));
    const status = marker.verdict?.kind === 'crash' ? 'crash' : state === 'open' ? 'running' : state;
    return {
      number: marker.number,
      title: marker.idea.title,
      hypothesis: marker.idea.hypothesis,
      edits: marker.idea.edits,
      status,
      value: told(values.length > 0 ? mean(values) : marker.verdict?.value),
      championValue: told(marker.verdict?.championValue),
      note: crash?.status === 'crash' ? crash.traceback : (marker.verdict?.reason ?? ''),
    };
  });
}

/** An idea that waits for a runner is as good as tried. */
function sameAsWaiting(
  context: Context,
  snapshot: Snapshot,
  campaign: Campaign,
  changed: ReadonlyMap<string, string>,
): string | null {
  const waiting = context.thinking.ideas(campaign.issue);
  const index = waiting.findIndex(({ files }) => isDeepStrictEqual(files, changed));
  const same = waiting[index];
  if (!same) return null;
  const number = nextNumber(snapshot, campaign) + index;
  return `Exactly this code waits to be tried, as experiment ${number} ("${same.idea.title}").`;
}

/** What is wrong with an idea beyond its edits: too large to keep, or its tree was proposed before; null when nothing is. */
export async function objection(
  context: Context,
  snapshot: Snapshot,
  idea: Idea,
  files: ReadonlyMap<string, string>,
): Promise<string | null> {
  const size = JSON.stringify(writeMarker('experiment', idea)).length;
  if (size > MAX_BODY - ROOM_FOR_TRIALS)
    return `The edits are too large: expected at most ${MAX_BODY - ROOM_FOR_TRIALS} characters when stored, found ${size}. Replace less.`;
  const tree = await treeOrRefusal(context.port, snapshot, files);
  if (typeof tree !== 'string') return tree.refusal;
  if (tree === snapshot.base.tree) return 'The edits leave every file as it is.';
  const before = snapshot.experiments.find(experiment => experiment.marker.tree === tree);
  return before
    ? `Exactly this code was already tried, as experiment ${before.marker.number} ("${before.marker.idea.title}").`
    : null;
}

/** What GitHub does not take for a file's content, the agent can mend. */
async function treeOrRefusal(
  port: GitHubPort,
  snapshot: Snapshot,
  files: ReadonlyMap<string, string>,
): Promise<string | { refusal: string }> {
  try {
    return await port.createTree(snapshot.base.tree, files);
  } catch (error) {
    if (statusOf(error) !== 422) throw error;
    return { refusal: `GitHub refused the files: ${messageOf(error)}` };
  }
}
