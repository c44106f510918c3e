/** What people ask to be tried next: an idea in words, or the edits of a closed experiment once more. */

import type { Work } from '../../campaign/action.ts';
import type { Asked } from '../../campaign/marker.ts';
import {
  type Campaign,
  type Experiment,
  isKnown,
  type KnownCampaign,
  type Snapshot,
} from '../../campaign/model.ts';
import { isWaiting, stillAsked } from '../../campaign/people.ts';
import { dollarsReached } from '../../campaign/plan/campaign-limits.ts';
import { countExperiments, hasEnded } from '../../campaign/queries.ts';
import { noCampaignAnswer } from '../../render/answer.ts';
import { quote } from '../../text/markdown.ts';
import type { Context } from '../context.ts';
import { refuse, sayOnce } from '../replies.ts';
import { saveState } from '../state.ts';
import { fitting, readFiles } from './candidate.ts';
import type { Request } from './request.ts';
import { goingOn } from './resume.ts';

const EDITS_GONE =
  'The champion has changed where this idea changed it, so its edits no longer fit. Comment `/research try` with the idea in words on the campaign’s issue.';
const CONTRACT_UNREADABLE =
  'The contract `.github/research.yml` cannot be read. Mend it, then comment the command again.';
/** So many may wait; whoever wants more asks for a campaign. */
const MOST_ASKED = 10;

/** `/research try IDEA`: refused where the agent says at once that it can do nothing with it. */
export async function askToTry(
  context: Context,
  snapshot: Snapshot,
  pending: Request,
  idea: string,
): Promise<void> {
  await ask(context, snapshot, pending, { idea, pull: null }, work =>
    objectionTo(context, snapshot, work, idea),
  );
}

/** `/research rerun` on a closed experiment: its edits become a new one on today's champion. */
export async function askAgain(
  context: Context,
  snapshot: Snapshot,
  pending: Request,
  { pull, marker: { idea } }: Experiment,
): Promise<void> {
  await ask(context, snapshot, pending, { idea: idea.title, pull }, async ({ contract }) =>
    (await fitting(context.port, contract, snapshot, idea)) ? null : EDITS_GONE,
  );
}

/** @param objection what is wrong with this very wish; null where nothing is */
async function ask(
  context: Context,
  snapshot: Snapshot,
  pending: Request,
  wish: Pick<Asked, 'idea' | 'pull'>,
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

/** Why nothing can be asked for now, with what to do; null where something can. */
async function obstacle(
  { port }: Context,
  snapshot: Snapshot,
  { campaign, contract }: Work,
): Promise<string | null> {
  if (!(await port.issue(campaign.issue))?.open)
    return `The issue of its campaign, #${campaign.issue}, is closed. Open it again, then comment the command again.`;
  const spent = dollarsReached(snapshot, contract, campaign);
  if (spent !== null) return spent;
  const waiting = stillAsked(snapshot, campaign).length;
  const { experiments } = contract.limits;
  if (countExperiments(snapshot, campaign) + waiting >= experiments)
    return `The contract allows ${experiments} experiments, and this campaign has them. Raise \`limits.experiments\`, then comment the command again.`;
  if (waiting >= MOST_ASKED)
    return `${waiting} ideas of people wait to be tried. Ask again when one of them has its pull request.`;
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

/** One experiment more than asked for; a campaign that has ended, or that waits for people's words, goes on. */
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
  const next = ended || isWaiting(state) ? await goingOn(context, snapshot, campaign) : state;
  await saveState(port, snapshot, campaign, {
    ...next,
    target: (ended ? countExperiments(snapshot, campaign) : state.target) + 1,
    asked: [...(ended ? [] : stillAsked(snapshot, campaign)), asked],
    comments: [...state.comments, asked.comment],
  });
}

/** What waits to be tried without one that has been, or that came to nothing. */
export function withoutAsked(snapshot: Snapshot, campaign: Campaign, asked?: Asked): Asked[] {
  return stillAsked(snapshot, campaign).filter(({ comment }) => comment !== asked?.comment);
}

/** Says that nothing came of what a person asked for, and why; the campaign, in this state, has one experiment less to make. */
export async function dropAsked(
  { port }: Context,
  snapshot: Snapshot,
  campaign: KnownCampaign,
  asked: Asked,
  reason: string,
): Promise<void> {
  const { state } = campaign;
  const text = `Nothing came of ${quote(asked.idea)}, which ${asked.by} asked to try: ${quote(reason, 300)}.`;
  await sayOnce(port, campaign.issue, `asked ${asked.comment}`, text);
  await saveState(port, snapshot, campaign, {
    ...state,
    asked: withoutAsked(snapshot, campaign, asked),
    target: Math.max(0, state.target - 1),
  });
}
