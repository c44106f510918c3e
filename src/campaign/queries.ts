/** Queries over a snapshot: trials, campaigns and experiments. */

import type { CampaignState, RecordedTrial } from './marker.ts';
import {
  type Attempt,
  branchName,
  type Campaign,
  type Experiment,
  type KnownCampaign,
  type Snapshot,
} from './model.ts';
import { trialParts } from './trial-id.ts';

/** Trials in flight of a campaign's experiment (0: of the champion), oldest first. */
export function attemptsOf(snapshot: Snapshot, issue: number, experiment: number): Attempt[] {
  return [...snapshot.attempts.values()]
    .filter(attempt => {
      const parts = trialParts(attempt.trial);
      return parts.issue === issue && parts.experiment === experiment;
    })
    .sort((a, b) => trialParts(a.trial).k - trialParts(b.trial).k);
}

/** Completed trials of an experiment: those in its marker, and those in a completed check run. */
export function trialsOf(snapshot: Snapshot, experiment: Experiment): RecordedTrial[] {
  const { marker } = experiment;
  const attempts = attemptsOf(snapshot, marker.campaign, marker.number);
  if (attempts.length === 0) return marker.trials;
  const known = new Set(marker.trials.map(trial => trial.trial));
  const fresh = attempts.flatMap(attempt =>
    attempt.check?.measurement && !known.has(attempt.trial) ? [attempt.check.measurement] : [],
  );
  return [...marker.trials, ...fresh];
}

/** A campaign that is running or paused. */
export type LiveCampaign = KnownCampaign;

/** Whether a campaign is finished or stopped. */
export function hasEnded({ phase }: CampaignState): boolean {
  return phase === 'finished' || phase === 'stopped';
}

/** Campaigns that are running or paused, oldest first. */
export function liveCampaigns(snapshot: Pick<Snapshot, 'campaigns'>): LiveCampaign[] {
  return snapshot.campaigns
    .filter(
      (campaign): campaign is LiveCampaign =>
        campaign.state?.phase === 'running' || campaign.state?.phase === 'paused',
    )
    .sort((a, b) => a.state.startedAt.localeCompare(b.state.startedAt) || a.issue - b.issue);
}

/** The campaign whose turn it is: the oldest one that is running. Others on the same base are queued. */
export function currentCampaign(snapshot: Pick<Snapshot, 'campaigns'>): LiveCampaign | null {
  return liveCampaigns(snapshot).find(campaign => campaign.state.phase === 'running') ?? null;
}

export function openExperiments(snapshot: Snapshot, campaign: Campaign): Experiment[] {
  return experimentsOf(snapshot, campaign).filter(experiment => experiment.state === 'open');
}

/** All experiments of a campaign, ordered by number. */
export function experimentsOf(snapshot: Snapshot, campaign: Campaign): Experiment[] {
  return snapshot.experiments
    .filter(experiment => experiment.marker.campaign === campaign.issue)
    .sort((a, b) => a.marker.number - b.marker.number);
}

/** How many experiments a campaign has, including those with an unreadable marker. */
export function countExperiments(snapshot: Snapshot, campaign: Campaign): number {
  const lost = snapshot.unreadable.filter(found => found.campaign === campaign.issue).length;
  return experimentsOf(snapshot, campaign).length + lost;
}

/** Number of a campaign's next experiment: higher than any it has, readable or not, and not the name of an existing branch. */
export function nextNumber(snapshot: Snapshot, { issue }: Campaign): number {
  const markers = snapshot.experiments.map(({ marker }) => marker);
  const own = [...markers, ...snapshot.unreadable].filter(({ campaign }) => campaign === issue);
  let next = 1 + Math.max(0, ...own.map(({ number }) => number));
  while (snapshot.branches.has(branchName(issue, next))) next++;
  return next;
}
