/** Asks agents for ideas: they get the champion's files, the history, and objections to what they propose. */
import { isDeepStrictEqual } from 'node:util';
import type { LedgerLine, ProposalRequest } from '../../agents/agent.ts';
import type { Work } from '../../campaign/action.ts';
import { budgetOf, championValues } from '../../campaign/evidence/evidence.ts';
import { guardLevels } from '../../campaign/evidence/guards.ts';
import type { Idea } from '../../campaign/idea.ts';
import { type Campaign, type Experiment, measuredValues, type Snapshot } from '../../campaign/model.ts';
import { stillAsked } from '../../campaign/people.ts';
import { paused } from '../../campaign/phase.ts';
import { experimentsOf, nextNumber, trialsOf } from '../../campaign/queries.ts';
import type { Task } from '../../campaign/thought.ts';
import { mean } from '../../gate/mean.ts';
import { writeBound } from '../../protocol/guards.ts';
import type { Context } from '../context.ts';
import { askTwice, messageOf, statusOf } from '../errors.ts';
import { MAX_BODY, writeMarker } from '../marker.ts';
import type { GitHubPort } from '../port.ts';
import { saveState } from '../state.ts';
import { readFiles } from './candidate.ts';

/** Characters of a pull request's body that stay free for trials and the verdict. */
const ROOM_FOR_TRIALS = 20_000;

type Asked = Work & { task: Task };

/** Starts a thought of the campaign's agent about `task`. If the agent cannot be used, the campaign is paused. */
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
    context.log.info({ issue: campaign.issue, task, answer: proposal.kind, ...reason }, 'agent finished');
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
    guards: guardLevels(snapshot, contract, campaign).map(({ guard, limit }) => {
      const bound = limit === null ? writeBound(guard.bound) : asToldToAgents(limit);
      return `${guard.name} ${guard.side.replace('_', ' ')} ${bound}`;
    }),
    budgetSeconds,
    files: await readFiles(context.port, contract.editable, base.sha),
    championValue: champion.length > 0 ? asToldToAgents(mean(champion)) : null,
    ledger: [...ledgerFor(experimentsOf(snapshot, campaign)), ...thoughtOf(context, snapshot, campaign)],
    topic: campaign.state.topic,
    wish: wishOf(snapshot, campaign, task),
    again: againOf(snapshot, task),
    // If GitHub cannot answer now, the check is repeated when the idea is opened.
    objection: async (idea, changed) =>
      sameAsWaiting(context, snapshot, campaign, changed) ??
      (await objection(context, snapshot, idea, changed).catch(() => null)),
  };
}

/** The existing experiment that the agent should port or repair; null for a new idea. */
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

/** The person's idea that the agent should implement; null if it should find one itself. */
function wishOf(snapshot: Snapshot, campaign: Campaign, task: Task): string | null {
  if (task.kind !== 'try') return null;
  return stillAsked(snapshot, campaign).find(({ comment }) => comment === task.comment)?.idea ?? null;
}

/** Ideas that are ready but not open yet. Other thoughts see them as running. */
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

/** Rounds to four decimals, or to four digits if very small: more would let agents learn the held-out text from the scores. */
function asToldToAgents(value: number): number {
  return Math.abs(value) >= 0.01 ? Math.round(value * 1e4) / 1e4 : Number(value.toPrecision(4));
}

/** The history for the agent: successes, failures and crashes. */
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

/** An objection if the same code is ready but not open yet. */
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
  return `This exact code is already queued as experiment ${number} ("${same.idea.title}").`;
}

/** Why an idea whose edits apply is refused all the same: it is too large to store, or its tree was proposed before. Null if it is fine. */
export async function objection(
  context: Context,
  snapshot: Snapshot,
  idea: Idea,
  files: ReadonlyMap<string, string>,
): Promise<string | null> {
  const size = JSON.stringify(writeMarker('experiment', idea)).length;
  if (size > MAX_BODY - ROOM_FOR_TRIALS)
    return `The edits are too large: expected at most ${MAX_BODY - ROOM_FOR_TRIALS} characters when stored, found ${size}. Replace fewer lines.`;
  const tree = await treeOrRefusal(context.port, snapshot, files);
  if (typeof tree !== 'string') return tree.refusal;
  if (tree === snapshot.base.tree) return 'The edits change nothing.';
  const before = snapshot.experiments.find(experiment => experiment.marker.tree === tree);
  return before
    ? `This exact code was already tried as experiment ${before.marker.number} ("${before.marker.idea.title}").`
    : null;
}

/** The id of the tree with these files. If GitHub refuses a file's content, the agent is told why. */
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
