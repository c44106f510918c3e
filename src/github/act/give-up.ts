/** Handles actions that GitHub keeps refusing: the campaign pauses, or the action is skipped. A comment says so either way. */

import type { Action } from '../../campaign/action.ts';
import { type Campaign, isKnown, type KnownCampaign, type Snapshot } from '../../campaign/model.ts';
import { paused } from '../../campaign/phase.ts';
import { campaignOf } from '../../campaign/plan/skip-refused.ts';
import { quote } from '../../text/markdown.ts';
import type { Context } from '../context.ts';
import { errorFacts } from '../error-facts.ts';
import { isPermanent, messageOf } from '../errors.ts';
import { isRefusedForGood, type Refusals, skip } from '../refusals.ts';
import { commentOnce } from '../replies.ts';
import { saveState } from '../state.ts';

/** An action that failed, and what GitHub answered. */
interface Failure {
  action: Action;
  key: string;
  error: unknown;
}

/**
 * Counts a failure. When GitHub refused an action for good, a running campaign is paused with GitHub's message as the reason; anything
 * else, such as the answer to a command, is skipped and retried every hour. Returns whether it did either; otherwise the failure is still
 * the caller's. Throws if saving or commenting this fails temporarily.
 */
export async function giveUp(
  context: Context,
  snapshot: Snapshot,
  refusals: Refusals,
  { action, key, error }: Failure,
): Promise<boolean> {
  if (!isRefusedForGood(refusals, key, error)) return false;
  const campaign = campaignOf(snapshot, action);
  const log = { ...errorFacts(error), action: key, issue: campaign?.issue };
  if (campaign && isKnown(campaign) && campaign.state.phase === 'running') {
    context.log.error(log, 'GitHub refused an action; pausing the campaign');
    if (await isAccepted(() => pauseRefused(context, snapshot, campaign, action, error))) {
      refusals.counts.delete(key);
      return true;
    }
  }
  context.log.error(log, 'GitHub refused an action; skipped, retried every hour');
  skip(refusals, key, context.now());
  if (campaign) await isAccepted(() => commentSkipped(context, campaign, action, error));
  return true;
}

/** Whether GitHub accepts a write; throws a temporary failure. */
async function isAccepted(write: () => Promise<void>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (!isPermanent(error)) throw error;
    return false;
  }
}

async function commentSkipped({ port }: Context, { issue }: Campaign, action: Action, error: unknown) {
  const pull = 'experiment' in action && action.experiment ? ` of #${action.experiment.pull}` : '';
  const text = `GitHub refused the step \`${action.kind}\`${pull}: ${quote(messageOf(error), 300)}. Skipped; retried every hour.`;
  await commentOnce(port, issue, `refused ${action.kind}${pull}`, text);
}

async function pauseRefused(
  context: Context,
  snapshot: Snapshot,
  campaign: KnownCampaign,
  action: Action,
  error: unknown,
): Promise<void> {
  // There may be no such workflow, or it does not take the inputs.
  const workflow = action.kind === 'dispatch' ? ` of \`${action.contract.trial.workflow}\`` : '';
  const reason = `GitHub refused the step \`${action.kind}\`${workflow}: ${quote(messageOf(error), 300)}. Fix this, then comment \`/research resume\`.`;
  await saveState(context.port, snapshot, campaign, { ...campaign.state, ...paused(reason) });
}
