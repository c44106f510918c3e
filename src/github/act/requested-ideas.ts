/** What people ask to be tried next: an idea in words, or the edits of a closed experiment once more. */

import type { Asked, CampaignState } from '../../campaign/marker.ts';
import type { Campaign, Experiment, PendingCommand, Snapshot } from '../../campaign/model.ts';
import { isWaiting, stillAsked } from '../../campaign/people.ts';
import { dollarsReached } from '../../campaign/plan/campaign-limits.ts';
import { countExperiments, hasEnded } from '../../campaign/queries.ts';
import { noCampaignAnswer } from '../../render/answer.ts';
import { quote } from '../../text/markdown.ts';
import { type Context, contractOf } from '../context.ts';
import { refuse, sayOnce } from '../replies.ts';
import { saveState } from '../state.ts';
import { fitting, readFiles } from './candidate.ts';
import { goingOn } from './resume.ts';

const EDITS_GONE =
  'The champion has changed where this idea changed it, so its edits no longer fit. Comment `/research try` with the idea in words on the campaign’s issue.';
/** So many may wait; whoever wants more asks for a campaign. */
const MOST_ASKED = 10;

/** `/research try IDEA`: refused where the agent says at once that it can do nothing with it. */
export async function askToTry(
  context: Context,
  snapshot: Snapshot,
  pending: PendingCommand,
  campaign: Campaign | null,
  idea: string,
): Promise<void> {
  if (!campaign?.state) return refuse(context, pending, noCampaignAnswer());
  const problem =
    (await obstacle(context, snapshot, campaign)) ?? (await objectionTo(context, snapshot, campaign, idea));
  if (problem !== null) return refuse(context, pending, problem);
  const asked = { comment: pending.comment, by: pending.author, idea, pull: null };
  await accept(context, snapshot, campaign, campaign.state, asked);
}

/** `/research rerun` on a closed experiment: its edits become a new one on today's champion. */
export async function askAgain(
  context: Context,
  snapshot: Snapshot,
  pending: PendingCommand,
  campaign: Campaign | null,
  { pull, marker }: Experiment,
): Promise<void> {
  if (!campaign?.state) return refuse(context, pending, noCampaignAnswer());
  const problem =
    (await obstacle(context, snapshot, campaign)) ??
    ((await fitting(context, snapshot, marker.idea)) ? null : EDITS_GONE);
  if (problem !== null) return refuse(context, pending, problem);
  const asked = { comment: pending.comment, by: pending.author, idea: marker.idea.title, pull };
  await accept(context, snapshot, campaign, campaign.state, asked);
}

/** Why nothing can be asked for now, with what to do; null where something can. */
async function obstacle({ port }: Context, snapshot: Snapshot, campaign: Campaign): Promise<string | null> {
  if (snapshot.contract.kind !== 'contract')
    return 'The contract `.github/research.yml` cannot be read. Mend it, then comment the command again.';
  if (!(await port.issue(campaign.issue))?.open)
    return `The issue of its campaign, #${campaign.issue}, is closed. Open it again, then comment the command again.`;
  const { contract } = snapshot.contract;
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
  { state }: Campaign,
  idea: string,
): Promise<string | null> {
  const contract = contractOf(snapshot);
  const chosen = context.chooseAgent(contract, context.agentEnv, state?.agent ?? undefined);
  if (chosen.kind === 'problem') return chosen.message;
  const { agent } = chosen;
  if (!agent.objectsTo) return null;
  return agent.objectsTo(idea, await readFiles(context.port, contract.editable, snapshot.base.sha));
}

/** One experiment more than asked for; a campaign that has ended, or that waits for people's words, goes on. */
async function accept(
  context: Context,
  snapshot: Snapshot,
  campaign: Campaign,
  state: CampaignState,
  asked: Asked,
): Promise<void> {
  const { port } = context;
  await port.react(asked.comment, 'rocket');
  const ended = hasEnded(state);
  const next = ended || isWaiting(state) ? await goingOn(context, snapshot, campaign, state) : state;
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
  campaign: Campaign,
  state: CampaignState,
  asked: Asked,
  reason: string,
): Promise<void> {
  const text = `Nothing came of ${quote(asked.idea)}, which ${asked.by} asked to try: ${quote(reason, 300)}.`;
  await sayOnce(port, campaign.issue, `asked ${asked.comment}`, text);
  await saveState(port, snapshot, campaign, {
    ...state,
    asked: withoutAsked(snapshot, campaign, asked),
    target: Math.max(0, state.target - 1),
  });
}
