/** What GitHub refuses for good must not be asked for ever: after a few times it is said, and the work goes on elsewhere. */
import type { Action } from '../campaign/action.ts';
import { type Campaign, isKnown, type KnownCampaign, type Snapshot } from '../campaign/model.ts';
import { campaignOf } from '../campaign/plan/skip-refused.ts';
import { quote } from '../text/markdown.ts';
import type { Context } from './context.ts';
import { isPermanent, messageOf } from './errors.ts';
import { sayOnce } from './replies.ts';
import { saveState } from './state.ts';

/** What looks permanent may be a list that lags, so it is tried this often. */
const TRIES = 3;
/** What was given up is tried again after this. */
const AGAIN_AFTER_SECONDS = 3600;

export interface Refusals {
  /** How often in a row GitHub refused an action with the same words, by the action's name. */
  counts: Map<string, { words: string; times: number }>;
  /** When actions were given up, by their names. */
  givenUp: Map<string, Date>;
}

export function noRefusals(): Refusals {
  return { counts: new Map(), givenUp: new Map() };
}

/** Whether an action was given up less than an hour ago; people may have mended since what was in its way. */
export function isGivenUp({ givenUp }: Refusals, name: string, now: Date): boolean {
  const at = givenUp.get(name);
  return at !== undefined && now.getTime() - at.getTime() < AGAIN_AFTER_SECONDS * 1000;
}

/**
 * Counts a failure of `action`. At the third permanent one in a row with the same words a running campaign is paused with GitHub's
 * words, and anything else, such as the answer to a command, given up for an hour, which is said where that can be said. Returns whether it did one of
 * these; otherwise the failure is still the caller's. Throws what says so or saves the state with a failure that passes.
 */
export async function giveUp(
  context: Context,
  snapshot: Snapshot,
  action: Action,
  name: string,
  refusals: Refusals,
  error: unknown,
): Promise<boolean> {
  if (!isLast(refusals, name, error)) return false;
  if (action.kind === 'answer') {
    const { comment, issue } = action.command;
    refusals.givenUp.set(name, context.now());
    refusals.counts.delete(name);
    context.log.error(
      { err: error, issue, comment },
      'GitHub refuses the answer to a command; passing it over',
    );
    return true;
  }
  const campaign = campaignOf(snapshot, action);
  const log = { err: error, issue: campaign?.issue, action: action.kind };
  if (campaign && isKnown(campaign) && campaign.state.phase === 'running') {
    context.log.error(log, 'GitHub refuses; pausing');
    const pause = () => pauseRefused(context, snapshot, campaign, whatIsRefused(action), error);
    if (await isTaken(pause)) {
      refusals.counts.delete(name);
      return true;
    }
  }
  context.log.error(log, 'GitHub refuses for good; going on without it');
  refusals.givenUp.set(name, context.now());
  refusals.counts.delete(name);
  if (campaign) await isTaken(() => sayGivenUp(context, campaign, action, messageOf(error)));
  return true;
}

/**
 * Does what is no action of the plan's, and returns what comes of it; null where GitHub refuses it for good, which is logged, and it is
 * left undone for an hour. Throws the first failures.
 */
export async function unlessRefused<T>(
  { log, now }: Context,
  refusals: Refusals,
  name: string,
  work: () => Promise<T>,
): Promise<T | null> {
  if (isGivenUp(refusals, name, now())) return null;
  try {
    const result = await work();
    refusals.counts.delete(name);
    return result;
  } catch (error) {
    if (!isLast(refusals, name, error)) throw error;
    log.error({ err: error, name }, 'GitHub refuses for good; going on without it');
    refusals.givenUp.set(name, now());
    refusals.counts.delete(name);
    return null;
  }
}

/** Counts a failure, and tells whether it is the third permanent one in a row with the same words. */
function isLast({ counts }: Refusals, name: string, error: unknown): boolean {
  if (!isPermanent(error)) {
    counts.delete(name);
    return false;
  }
  // GitHub in trouble says now this and now that; a true refusal stays the same.
  const words = messageOf(error);
  const before = counts.get(name);
  const times = before?.words === words ? before.times + 1 : 1;
  counts.set(name, { words, times });
  return times >= TRIES;
}

/** Whether GitHub takes a write; throws a failure that passes. */
async function isTaken(write: () => Promise<void>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (!isPermanent(error)) throw error;
    return false;
  }
}

/** The step; with the workflow, of which there may be none, or it does not take the inputs. */
function whatIsRefused(action: Action): string {
  const step = `the step \`${action.kind}\``;
  return action.kind === 'dispatch' ? `${step} of \`${action.contract.trial.workflow}\`` : step;
}

async function sayGivenUp({ port }: Context, { issue }: Campaign, action: Action, words: string) {
  const pull = 'experiment' in action && action.experiment ? ` of #${action.experiment.pull}` : '';
  const text = `GitHub refused the step \`${action.kind}\`${pull}: ${quote(words, 300)}. I go on without it, and try it again every hour.`;
  await sayOnce(port, issue, `refused ${action.kind}${pull}`, text);
}

/** Pauses a campaign, quoting why GitHub does not let it go on. */
async function pauseRefused(
  context: Context,
  snapshot: Snapshot,
  campaign: KnownCampaign,
  what: string,
  error: unknown,
): Promise<void> {
  const reason = `GitHub refused ${what}: ${quote(messageOf(error), 300)}. Mend that, then comment \`/research resume\`.`;
  await saveState(context.port, snapshot, campaign, { ...campaign.state, phase: 'paused', reason });
}
