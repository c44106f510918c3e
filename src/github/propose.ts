/** From an idea to a pull request, and from an old champion to a new one. */
import type { LedgerLine, ProposalRequest } from '../agents/agent.ts';
import { applyEdits } from '../agents/edit.ts';
import type { Contract } from '../campaign/contract.ts';
import { budgetOf, championValues, nextTrial } from '../campaign/evidence.ts';
import { addCost, type Cost, type Idea } from '../campaign/idea.ts';
import { leanerMarkers } from '../campaign/keep.ts';
import {
  branchName,
  type Campaign,
  type CampaignState,
  type Experiment,
  type ExperimentMarker,
  experimentMarkerSchema,
  type Forgotten,
  mean,
  measuredValues,
  RESEARCH_LABEL,
  type RecordedTrial,
  type Snapshot,
} from '../campaign/model.ts';
import { countExperiments, experimentsOf, trialsOf } from '../campaign/queries.ts';
import { candidateMessage, pullDescription } from '../render/pull.ts';
import { openTitle } from '../render/title.ts';
import { type Context, contractOf } from './context.ts';
import { isPermanent, messageOf, statusOf } from './errors.ts';
import { MAX_BODY, writeMarker, writeStored } from './marker.ts';
import type { GitHubPort } from './port.ts';
import { saveState } from './state.ts';

/** Room that a pull request's body keeps for trials and verdict. */
const ROOM_FOR_TRIALS = 20_000;

/** Room that it keeps for one visible sentence. */
const ROOM_FOR_SUMMARY = 200;

/** Description and marker of an experiment's pull request. */
export function pullBody(marker: ExperimentMarker): string {
  let hidden = '';
  for (const version of leanerMarkers(marker)) {
    hidden = writeStored('experiment', version, experimentMarkerSchema);
    if (hidden.length <= MAX_BODY - ROOM_FOR_SUMMARY) break;
  }
  const visible = pullDescription(marker);
  const room = MAX_BODY - hidden.length - 2;
  return `${visible.length <= room ? visible : `Experiment ${marker.number} of campaign #${marker.campaign}.`}\n\n${hidden}`;
}

/** Asks the agent for an idea and opens it as a pull request. */
export async function propose(
  context: Context,
  snapshot: Snapshot,
  campaign: Campaign,
  number: number,
): Promise<void> {
  const { state } = campaign;
  if (!state) throw new Error(`Expected a campaign with a state on #${campaign.issue}.`);
  const contract = contractOf(snapshot);
  const chosen = context.chooseAgent(contract, context.agentEnv, state.agent ?? undefined);
  if (chosen.kind === 'problem')
    return pause(context, snapshot, campaign, state, `${chosen.message} Then comment \`/research resume\`.`);
  const { base } = snapshot;
  const files = await readFiles(context.port, contract.editable, base.sha);
  const request = await proposalRequest(context, snapshot, contract, campaign, state, number, files);
  const proposal = await chosen.agent.propose(request, context.signal);
  if (proposal.kind === 'failed')
    return countFailure(context, snapshot, campaign, state, proposal.reason, proposal.cost);
  if (proposal.kind === 'exhausted') return exhausted(context, snapshot, campaign, state);
  const { idea, cost } = proposal;
  const experiment = { campaign: campaign.issue, number, idea, agent: chosen.agent.name, cost };
  let pull: number;
  try {
    pull = await openPull(context, snapshot, experiment, proposal.files);
  } catch (error) {
    if (!isPermanent(error)) throw error;
    // The agent would be asked and paid again for what GitHub never takes.
    const reason = `GitHub refused to open the experiment: ${messageOf(error)}`;
    return countFailure(context, snapshot, campaign, state, reason, cost);
  }
  await context.port.addLabel(pull, RESEARCH_LABEL);
  if (state.failedInARow > 0)
    await saveState(context.port, snapshot, campaign, { ...state, failedInARow: 0 });
}

/** Returns the number of the pull request. */
async function openPull(
  context: Context,
  { base }: Snapshot,
  idea: Pick<ExperimentMarker, 'campaign' | 'number' | 'idea' | 'agent' | 'cost'>,
  files: ReadonlyMap<string, string>,
): Promise<number> {
  const { port } = context;
  const tree = await port.createTree(base.tree, files);
  const commit = await port.createCommit(candidateMessage(idea), tree, base.sha);
  const marker: ExperimentMarker = {
    version: 1,
    ...idea,
    champion: { sha: base.sha, tree: base.tree },
    commit,
    tree,
    previous: null,
    restacks: 0,
    staleTrials: 0,
    trials: [],
    verdict: null,
  };
  const branch = branchName(marker.campaign, marker.number);
  await port.createBranch(branch, marker.commit);
  const title = openTitle(marker);
  const pull = await port.createPull({ title, body: pullBody(marker), branch, base: base.branch });
  context.log.info({ pull, title }, 'opened');
  return pull;
}

async function readFiles(
  port: GitHubPort,
  paths: readonly string[],
  ref: string,
): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const path of paths) {
    const text = await port.file(path, ref);
    if (text !== null) files.set(path, text);
  }
  return files;
}

async function proposalRequest(
  context: Context,
  snapshot: Snapshot,
  contract: Contract,
  campaign: Campaign,
  state: CampaignState,
  number: number,
  files: ReadonlyMap<string, string>,
): Promise<ProposalRequest> {
  const budgetSeconds = budgetOf(contract, campaign);
  const champion = championValues(snapshot, budgetSeconds);
  return {
    number,
    brief: (await context.port.file(contract.brief, snapshot.base.sha)) ?? '',
    metric: contract.metric,
    budgetSeconds,
    files,
    championValue: champion.length > 0 ? asToldToAgents(mean(champion)) : null,
    ledger: ledgerFor(experimentsOf(snapshot, campaign)),
    topic: state.topic,
    objection: (idea, changed) => objection(context, snapshot, idea, changed),
  };
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
      value: told(values.length > 0 ? mean(values) : null),
      championValue: told(marker.verdict?.championValue),
      note: crash?.status === 'crash' ? crash.traceback : (marker.verdict?.reason ?? ''),
    };
  });
}

/** An idea that is too large to keep, or whose tree was proposed before, is refused. */
async function objection(
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

async function countFailure(
  context: Context,
  snapshot: Snapshot,
  campaign: Campaign,
  state: CampaignState,
  reason: string,
  cost: Cost,
): Promise<void> {
  context.log.warn({ issue: campaign.issue, reason }, 'proposal failed');
  await saveState(context.port, snapshot, campaign, {
    ...state,
    failedProposals: [...state.failedProposals, reason],
    failedInARow: state.failedInARow + 1,
    failedCost: addCost(state.failedCost, cost),
  });
}

/** With nothing left to try the campaign ends early; experiments in flight are judged first. */
async function exhausted(
  context: Context,
  snapshot: Snapshot,
  campaign: Campaign,
  state: CampaignState,
): Promise<void> {
  const count = countExperiments(snapshot, campaign);
  const reason = `The agent has nothing left to try after ${count} experiments.`;
  const open = experimentsOf(snapshot, campaign).some(experiment => experiment.state === 'open');
  if (count === 0)
    return pause(
      context,
      snapshot,
      campaign,
      state,
      `${reason} Is there anything to change in the editable files?`,
    );
  await saveState(context.port, snapshot, campaign, {
    ...state,
    target: count,
    ...(open ? {} : { phase: 'finished', reason }),
  });
}

async function pause(
  context: Context,
  snapshot: Snapshot,
  campaign: Campaign,
  state: CampaignState,
  reason: string,
): Promise<void> {
  await saveState(context.port, snapshot, campaign, { ...state, phase: 'paused', reason });
}

/**
 * Makes the idea again on the new champion. The marker is written first and names both heads, so that a kill before the
 * branch moves is seen and finished by `moveHead`. Does nothing where the pull request is not what it was when it was
 * observed. Returns false where the edits no longer fit.
 */
export async function restack(
  context: Context,
  snapshot: Snapshot,
  experiment: Experiment,
): Promise<boolean> {
  const { port } = context;
  const { base } = snapshot;
  const { editable } = contractOf(snapshot);
  const { marker } = experiment;
  const applied = applyEdits(await readFiles(port, editable, base.sha), marker.idea.edits, editable);
  if (applied.kind === 'refused') return false;
  const tree = await port.createTree(base.tree, applied.files);
  const commit = await port.createCommit(candidateMessage(marker), tree, base.sha);
  const next: ExperimentMarker = {
    ...marker,
    champion: { sha: base.sha, tree: base.tree },
    commit,
    tree,
    previous: experiment.headSha,
    restacks: marker.restacks + 1,
    forgotten: forget(marker, trialsOf(snapshot, experiment)),
    staleTrials: nextTrial(snapshot, marker, marker.trials) - 1,
    trials: [],
    verdict: null,
  };
  const now = await port.pull(experiment.pull);
  // The list lagged behind: what has ended keeps the verdict that it ended with.
  if (now.state !== 'open' || now.headSha !== experiment.headSha) return true;
  await port.updatePull(experiment.pull, { title: openTitle(next), body: pullBody(next) });
  await moveHead(port, { ...experiment, marker: next });
  return true;
}

/** What is measured anew was still spent. */
function forget({ forgotten }: ExperimentMarker, trials: readonly RecordedTrial[]): Forgotten {
  return {
    trials: (forgotten?.trials ?? 0) + trials.length,
    machineSeconds: trials.reduce((sum, trial) => sum + trial.totalSeconds, forgotten?.machineSeconds ?? 0),
  };
}

/** Puts the branch where the marker says it is. */
export async function moveHead(port: GitHubPort, experiment: Experiment): Promise<void> {
  await port.moveBranch(experiment.branch, experiment.marker.commit);
}
