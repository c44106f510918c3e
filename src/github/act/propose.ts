/** Turns the answer of an agent into a pull request. */
import type { ActionOf } from '../../campaign/action.ts';
import { measuresAtEnd } from '../../campaign/evidence/finals.ts';
import type { ExperimentMarker } from '../../campaign/marker.ts';
import { branchName, type KnownCampaign, RESEARCH_LABEL, type Snapshot } from '../../campaign/model.ts';
import { stillAsked } from '../../campaign/people.ts';
import { ended, paused } from '../../campaign/phase.ts';
import { countExperiments, experimentsOf } from '../../campaign/queries.ts';
import type { Contract } from '../../protocol/contract.ts';
import { candidateMessage } from '../../render/commit.ts';
import { openTitle } from '../../render/title.ts';
import { pullBody } from '../body.ts';
import type { Context } from '../context.ts';
import { isPermanent, messageOf } from '../errors.ts';
import { saveState } from '../state.ts';
import { objection } from './ask-agent.ts';
import { applyIdea, type Change } from './candidate.ts';
import { dropRequest, remainingRequests } from './requested-ideas.ts';
import { charge, writeOff } from './thought-costs.ts';

/** Opens an idea as experiment `number`, or counts a failed thought. */
export async function open(context: Context, snapshot: Snapshot, action: ActionOf<'open'>): Promise<void> {
  const { port, thinking } = context;
  const { campaign, contract, number, thought } = action;
  const { state } = campaign;
  const answer = thinking.answer(thought);
  if (!answer) return;
  const task = thinking.thoughts().find(({ id }) => id === thought)?.task;
  const asked =
    task?.kind === 'try'
      ? stillAsked(snapshot, campaign).find(({ comment }) => comment === task.comment)
      : undefined;
  const charged = () => ({ ...campaign, state: charge(thinking, thought, state, answer.cost) });
  const fail = async (reason: string) => {
    if (asked) await dropRequest(context, snapshot, charged(), asked, reason);
    else await countFailure(context, snapshot, charged(), reason);
    thinking.drop(thought);
  };
  if (answer.kind === 'failed') return fail(answer.reason);
  if (answer.kind === 'exhausted') {
    if (asked) return fail('The agent could not turn it into an experiment.');
    await exhausted(context, snapshot, contract, charged());
    return thinking.drop(thought);
  }
  // The champion may have moved since the agent saw it.
  const change = await applyIdea(port, contract, snapshot, answer.idea);
  const problem = change && (await objection(context, snapshot, change.idea, change.files));
  if (change === null || problem !== null) {
    context.log.info({ issue: campaign.issue, problem }, 'an idea does not apply any more');
    // Another idea came first: that is not the agent's fault, so only the cost counts.
    return writeOff(context, snapshot, action);
  }
  const { agent, cost } = answer;
  const experiment = { campaign: campaign.issue, number, agent, cost, asked: asked ?? null, parts: [] };
  thinking.use(thought, { kind: 'experiment', number, idea: change.idea });
  const refusal = await openPull(context, snapshot, experiment, change);
  if (refusal !== null) return fail(refusal);
  thinking.drop(thought);
  if (asked || state.failedInARow > 0)
    await saveState(port, snapshot, campaign, {
      ...state,
      failedInARow: 0,
      asked: remainingRequests(snapshot, campaign, asked),
    });
}

/** Opens an experiment. Returns why GitHub refuses it for good, or null. */
export async function openPull(
  context: Context,
  snapshot: Snapshot,
  experiment: NewExperiment,
  change: Change,
): Promise<string | null> {
  let pull: number;
  try {
    pull = await createPull(context, snapshot, experiment, change);
  } catch (error) {
    if (!isPermanent(error)) throw error;
    // A retry would ask, and pay, the agent again.
    return `GitHub refused to open the experiment: ${messageOf(error)}`;
  }
  await context.port.addLabel(pull, RESEARCH_LABEL);
  return null;
}

type NewExperiment = Pick<ExperimentMarker, 'campaign' | 'number' | 'agent' | 'cost' | 'asked' | 'parts'>;

/** Creates commit, branch and pull request, and returns the number of the pull request. */
async function createPull(
  context: Context,
  { base }: Snapshot,
  experiment: NewExperiment,
  { idea, files, addedTokens }: Change,
): Promise<number> {
  const { port } = context;
  const tree = await port.createTree(base.tree, files);
  const commit = await port.createCommit(candidateMessage({ ...experiment, idea }), tree, base.sha);
  const marker: ExperimentMarker = {
    version: 1,
    ...experiment,
    idea,
    addedTokens,
    champion: { sha: base.sha, tree: base.tree },
    commit,
    tree,
    previous: null,
    restacks: 0,
    repairs: 0,
    staleTrials: 0,
    earlier: { trials: 0, machineSeconds: 0 },
    trials: [],
    verdict: null,
    words: [],
    held: null,
  };
  const branch = branchName(marker.campaign, marker.number);
  await port.createBranch(branch, marker.commit);
  const title = openTitle(marker);
  const pull = await port.createPull({ title, body: pullBody(marker), branch, base: base.branch });
  context.log.info({ pull, title }, 'opened');
  return pull;
}

async function countFailure(
  context: Context,
  snapshot: Snapshot,
  campaign: KnownCampaign,
  reason: string,
): Promise<void> {
  const { state } = campaign;
  context.log.warn({ issue: campaign.issue, reason }, 'proposal failed');
  await saveState(context.port, snapshot, campaign, {
    ...state,
    failedProposals: [...state.failedProposals, reason],
    failedInARow: state.failedInARow + 1,
  });
}

/** Without ideas left the campaign ends early, after the open experiments have their verdicts. */
async function exhausted(
  context: Context,
  snapshot: Snapshot,
  contract: Contract,
  campaign: KnownCampaign,
): Promise<void> {
  const { state } = campaign;
  const count = countExperiments(snapshot, campaign);
  const reason = `The agent has no ideas left after ${count} experiments.`;
  const open =
    experimentsOf(snapshot, campaign).some(experiment => experiment.state === 'open') ||
    stillAsked(snapshot, campaign).length > 0;
  if (count === 0 && !open)
    return saveState(context.port, snapshot, campaign, {
      ...state,
      ...paused(
        `${reason} Check that the editable files contain something to change, then comment \`/research resume\`.`,
      ),
    });
  await saveState(context.port, snapshot, campaign, {
    ...state,
    // Requested ideas do not depend on the agent's own.
    target: count + stillAsked(snapshot, campaign).length,
    // The plan ends it after the final measurements.
    ...(open || measuresAtEnd(contract) ? {} : ended('finished', reason)),
  });
}
