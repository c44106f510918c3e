/** Experiments that people request: an idea described in a comment, or the edits of a closed experiment. */

import type { Work } from '../../campaign/action.ts';
import { undone } from '../../campaign/evidence/ablation.ts';
import { MAX_IDEA } from '../../campaign/idea.ts';
import type { Asked } from '../../campaign/marker.ts';
import {
  type Campaign,
  type Experiment,
  isKnown,
  type KnownCampaign,
  type Snapshot,
} from '../../campaign/model.ts';
import { stillAsked, waitsForDecisions } from '../../campaign/people.ts';
import { dollarsReached } from '../../campaign/plan/campaign-limits.ts';
import { countExperiments, hasEnded } from '../../campaign/queries.ts';
import { noCampaignAnswer } from '../../render/answer.ts';
import { escapeMarkdown, quote } from '../../text/markdown.ts';
import type { Context } from '../context.ts';
import { commentOnce, refuse } from '../replies.ts';
import { saveState } from '../state.ts';
import { applyIdea, readFiles } from './candidate.ts';
import type { Request } from './request.ts';
import { continued } from './resume.ts';

const EDITS_GONE =
  "The champion has changed in the same place, so this experiment's edits no longer apply. Comment `/research try` on the campaign's issue and describe the idea.";
const NOT_ALONE =
  'Its lines were changed again since, so it cannot be taken back alone. Comment `/research try` and describe the idea.';
const CONTRACT_UNREADABLE =
  'The contract `.github/research.yml` is missing or invalid. Fix it, then comment the command again.';
/** Requests that may be queued at the same time. */
const MAX_REQUESTS = 10;

/** `/research try IDEA`. Refused if the agent can tell at once that it cannot use the idea. */
export async function requestIdea(
  context: Context,
  snapshot: Snapshot,
  pending: Request,
  idea: string,
): Promise<void> {
  await request(context, snapshot, pending, { idea, pull: null, parts: [] }, work =>
    objectionTo(context, snapshot, work, idea),
  );
}

/** `/research rerun` on a closed experiment: its edits become a new experiment on the current champion. */
export async function requestRepeat(
  context: Context,
  snapshot: Snapshot,
  pending: Request,
  { pull, marker: { idea } }: Experiment,
): Promise<void> {
  await request(context, snapshot, pending, { idea: idea.title, pull, parts: [] }, async ({ contract }) =>
    (await applyIdea(context.port, contract, snapshot, idea)) ? null : EDITS_GONE,
  );
}

/** `/research stack #3 #7`: the edits of closed experiments become one experiment on the current champion. */
export async function requestStack(
  context: Context,
  snapshot: Snapshot,
  pending: Request,
  pulls: readonly number[],
): Promise<void> {
  const names = pulls.map(pull => `#${pull}`).join(' ');
  const wish = { idea: `stack of ${names}`, pull: null, parts: [...pulls] };
  await request(context, snapshot, pending, wish, async () => {
    const closed = snapshot.experiments.filter(({ state }) => state === 'closed').map(({ pull }) => pull);
    const [unknown] = pulls.filter(pull => !closed.includes(pull));
    if (unknown === undefined) return null;
    return `Expected closed experiments of this repository, found #${unknown}. Only experiments that were closed without being merged can be stacked.`;
  });
}

/** `/research undo #3`: the champion without a merged experiment becomes an experiment. */
export async function requestUndo(
  context: Context,
  snapshot: Snapshot,
  pending: Request,
  pull: number,
): Promise<void> {
  const merged = snapshot.experiments.find(each => each.pull === pull && each.state === 'merged');
  const title = merged ? `: ${merged.marker.idea.title}` : '';
  const wish = {
    idea: `champion without #${pull}${title}`.slice(0, MAX_IDEA),
    pull,
    undo: true as const,
    parts: [],
  };
  await request(context, snapshot, pending, wish, async ({ contract }) => {
    if (!merged) return `Expected a merged experiment of this repository, found #${pull}.`;
    const idea = undone(merged.marker.idea);
    const change = idea && (await applyIdea(context.port, contract, snapshot, idea));
    return change ? null : NOT_ALONE;
  });
}

/** @param objection why this particular request is refused; null if it is not */
async function request(
  context: Context,
  snapshot: Snapshot,
  pending: Request,
  wish: Pick<Asked, 'idea' | 'pull' | 'undo' | 'parts'>,
  objection: (work: Work) => Promise<string | null>,
): Promise<void> {
  const { author: by, campaign, comment } = pending;
  if (!campaign || !isKnown(campaign)) return refuse(context, pending, noCampaignAnswer());
  if (snapshot.contract.kind !== 'contract') return refuse(context, pending, CONTRACT_UNREADABLE);
  const work = { campaign, contract: snapshot.contract.contract };
  const problem = (await obstacle(context, snapshot, work)) ?? (await objection(work));
  if (problem !== null) return refuse(context, pending, problem);
  await accept(context, snapshot, campaign, { comment, by, ...wish });
}

/** Why no request can be accepted now, with what to do; null if one can. */
async function obstacle(
  { port }: Context,
  snapshot: Snapshot,
  { campaign, contract }: Work,
): Promise<string | null> {
  if (!(await port.issue(campaign.issue))?.open)
    return `The campaign's issue, #${campaign.issue}, is closed. Reopen it, then comment the command again.`;
  const spent = dollarsReached(snapshot, contract, campaign);
  if (spent !== null) return spent;
  const waiting = stillAsked(snapshot, campaign).length;
  const { experiments } = contract.limits;
  if (countExperiments(snapshot, campaign) + waiting >= experiments)
    return `This campaign has reached the contract's limit of ${experiments} experiments. Raise \`limits.experiments\`, then comment the command again.`;
  if (waiting >= MAX_REQUESTS)
    return `${waiting} requested ideas are already queued. Try again when one of them has its pull request.`;
  return null;
}

async function objectionTo(
  context: Context,
  snapshot: Snapshot,
  { campaign: { state }, contract }: Work,
  idea: string,
): Promise<string | null> {
  const chosen = context.chooseAgent(contract, context.agentEnv, state.agent ?? undefined);
  if (chosen.kind === 'problem') return chosen.message;
  const { agent } = chosen;
  if (!agent.objectsTo) return null;
  return agent.objectsTo(idea, await readFiles(context.port, contract.editable, snapshot.base.sha));
}

/** Queues a request and raises the target by one. A campaign that has ended or waits for decisions continues. */
async function accept(
  context: Context,
  snapshot: Snapshot,
  campaign: KnownCampaign,
  asked: Asked,
): Promise<void> {
  const { port } = context;
  const { state } = campaign;
  await port.react(asked.comment, 'rocket');
  const ended = hasEnded(state);
  const next = ended || waitsForDecisions(state) ? await continued(context, snapshot, campaign) : state;
  await saveState(port, snapshot, campaign, {
    ...next,
    target: (ended ? countExperiments(snapshot, campaign) : state.target) + 1,
    asked: [...(ended ? [] : stillAsked(snapshot, campaign)), asked],
    comments: [...state.comments, asked.comment],
  });
}

/** The queued requests without `done`. */
export function remainingRequests(snapshot: Snapshot, campaign: Campaign, done?: Asked): Asked[] {
  return stillAsked(snapshot, campaign).filter(({ comment }) => comment !== done?.comment);
}

/** Comments that a request failed, and why, removes it from the queue and lowers the target by one. */
export async function dropRequest(
  { port }: Context,
  snapshot: Snapshot,
  campaign: KnownCampaign,
  asked: Asked,
  reason: string,
): Promise<void> {
  const { state } = campaign;
  const text = `Could not try ${quote(asked.idea)} (requested by ${escapeMarkdown(asked.by)}): ${quote(reason, 300)}.`;
  await commentOnce(port, campaign.issue, `asked ${asked.comment}`, text);
  await saveState(port, snapshot, campaign, {
    ...state,
    asked: remainingRequests(snapshot, campaign, asked),
    target: Math.max(0, state.target - 1),
  });
}
