/** Skips actions that GitHub keeps refusing, by planning as if they were not needed. */
import type { Action } from '../action.ts';
import type { Verdict } from '../marker.ts';
import type { Campaign, Experiment, Snapshot } from '../model.ts';
import { worksApart } from '../own-branch.ts';
import { plan } from './plan.ts';

/** When to look again if nothing is left to do. */
const NOTHING_LEFT_SECONDS = 300;

/** The next action, except those that were given up. */
export function planWithout(snapshot: Snapshot, now: Date, isGivenUp: (action: Action) => boolean): Action {
  for (let seen = snapshot; ; ) {
    const action = plan(seen, now);
    if (action.kind === 'wait' || !isGivenUp(action)) return action;
    const next = passOver(seen, action);
    if (next === seen) return { kind: 'wait', seconds: NOTHING_LEFT_SECONDS };
    seen = next;
  }
}

/** The campaign that an action belongs to. */
export function campaignOf(snapshot: Snapshot, action: Action): Campaign | undefined {
  const issue = issueOf(action);
  return snapshot.campaigns.find(campaign => campaign.issue === issue);
}

function issueOf(action: Action): number | undefined {
  if ('campaign' in action) return action.campaign.issue;
  if ('experiment' in action) return action.experiment.marker.campaign;
  // research/<issue>/<number>
  return action.kind === 'clean' ? Number(action.branch.split('/')[1]) : undefined;
}

/** A snapshot in which `action` is not needed; the same snapshot if there is none. */
function passOver(snapshot: Snapshot, action: Action): Snapshot {
  if (action.kind === 'answer')
    return { ...snapshot, commands: snapshot.commands.filter(other => other !== action.command) };
  if (action.kind === 'clean') return uncleaned(snapshot, action.branch);
  if (action.kind === 'tidy') return untidied(snapshot, action);
  const campaign = campaignOf(snapshot, action);
  if (action.kind === 'close' && campaign?.state?.phase !== 'running')
    return asDecided(snapshot, action.experiment, action.verdict);
  return campaign ? withoutCampaign(snapshot, campaign) : snapshot;
}

/** Without the campaign, but with the trials of its experiments. */
function withoutCampaign(snapshot: Snapshot, { issue, state }: Campaign): Snapshot {
  // The snapshot's base belongs to the campaign whose turn it is, so no other campaign may work on it.
  const ownsBase = state?.phase === 'running' && worksApart(snapshot);
  const campaigns = snapshot.campaigns.filter(
    other => other.issue !== issue && !(ownsBase && other.state?.phase === 'running'),
  );
  return { ...snapshot, campaigns };
}

/** As if it were closed with this verdict; its number stays taken. */
function asDecided(snapshot: Snapshot, experiment: Experiment, verdict: Verdict): Snapshot {
  const { pull, branch, marker } = experiment;
  const state = experiment.state === 'open' ? 'closed' : experiment.state;
  const experiments = snapshot.experiments.map(other =>
    other.pull === pull ? { ...other, state, marker: { ...marker, verdict } } : other,
  );
  return withoutBranch({ ...snapshot, experiments }, branch);
}

/** The name of a leftover branch stays taken. */
function uncleaned(snapshot: Snapshot, branch: string): Snapshot {
  const leftovers = snapshot.leftovers.filter(name => name !== branch);
  if (leftovers.length < snapshot.leftovers.length) return { ...snapshot, leftovers };
  return withoutBranch(snapshot, branch);
}

function withoutBranch(snapshot: Snapshot, branch: string): Snapshot {
  return { ...snapshot, branches: new Map([...snapshot.branches].filter(([name]) => name !== branch)) };
}

function untidied(snapshot: Snapshot, { duplicate }: Extract<Action, { kind: 'tidy' }>): Snapshot {
  if (snapshot.duplicates.includes(duplicate))
    return { ...snapshot, duplicates: snapshot.duplicates.filter(other => other !== duplicate) };
  const attempt = duplicate.kind === 'check' ? snapshot.attempts.get(duplicate.trial) : undefined;
  if (!attempt?.check) return snapshot;
  const closed = { ...attempt, check: { ...attempt.check, completed: true } };
  return { ...snapshot, attempts: new Map([...snapshot.attempts, [attempt.trial, closed]]) };
}
