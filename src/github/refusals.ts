/** What GitHub refuses for good must not be asked for ever: after a few times it is said, and the work goes on elsewhere. */
import type { Action } from '../campaign/action.ts';
import type { Campaign, Snapshot } from '../campaign/model.ts';
import { trialParts } from '../campaign/queries.ts';
import { quote } from '../campaign/quote.ts';
import type { Context } from './context.ts';
import { isPermanent, messageOf } from './errors.ts';
import { saveState } from './state.ts';

/** What looks permanent may be a list that lags, so it is tried this often. */
const TRIES = 3;

export interface Refusals {
  /** How often in a row GitHub refused an action with the same words, by the action's name. */
  counts: Map<string, { words: string; times: number }>;
  /** Comments with commands that cannot be answered. */
  unanswerable: Set<number>;
}

export function noRefusals(): Refusals {
  return { counts: new Map(), unanswerable: new Set() };
}

/**
 * Counts a failure of `action`. At the third permanent one in a row with the same words a command is passed over, and a running campaign
 * paused with GitHub's words. Returns whether it did either; otherwise the failure is still the caller's. Throws what
 * saving the campaign's state throws.
 */
export async function giveUp(
  context: Context,
  snapshot: Snapshot,
  action: Action,
  name: string,
  refusals: Refusals,
  error: unknown,
): Promise<boolean> {
  if (!isPermanent(error)) {
    refusals.counts.delete(name);
    return false;
  }
  // GitHub in trouble says now this and now that; a true refusal stays the same.
  const words = messageOf(error);
  const before = refusals.counts.get(name);
  const times = before?.words === words ? before.times + 1 : 1;
  refusals.counts.set(name, { words, times });
  if (times < TRIES) return false;
  if (action.kind === 'answer') {
    const { comment, issue } = action.command;
    refusals.unanswerable.add(comment);
    refusals.counts.delete(name);
    context.log.error(
      { err: error, issue, comment },
      'GitHub refuses the answer to a command; passing it over',
    );
    return true;
  }
  const campaign = campaignOf(snapshot, action);
  if (campaign?.state?.phase !== 'running') return false;
  context.log.error({ err: error, issue: campaign.issue, action: action.kind }, 'GitHub refuses; pausing');
  await pauseRefused(context, snapshot, campaign, `the step \`${action.kind}\``, error);
  refusals.counts.delete(name);
  return true;
}

/** Pauses a campaign, quoting why GitHub does not let it go on. */
export async function pauseRefused(
  context: Context,
  snapshot: Snapshot,
  campaign: Campaign,
  what: string,
  error: unknown,
): Promise<void> {
  if (!campaign.state) return;
  const reason = `GitHub refused ${what}: ${quote(messageOf(error), 300)}. Mend that, then comment \`/research resume\`.`;
  await saveState(context.port, snapshot, campaign, { ...campaign.state, phase: 'paused', reason });
}

function campaignOf(snapshot: Snapshot, action: Action): Campaign | undefined {
  const issue = issueOf(action);
  return snapshot.campaigns.find(campaign => campaign.issue === issue);
}

/** Number of the campaign's issue that an action belongs to. */
function issueOf(action: Action): number | undefined {
  if ('campaign' in action) return action.campaign.issue;
  if ('experiment' in action) return action.experiment.marker.campaign;
  if (action.kind === 'cancel') return trialParts(action.run.title).issue;
  // research/<issue>/<number>
  return action.kind === 'clean' ? Number(action.branch.split('/')[1]) : undefined;
}
