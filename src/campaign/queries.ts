/** Questions to a snapshot. */

import type { CampaignState, RecordedTrial } from './marker.ts';
import {
  type Attempt,
  branchName,
  type Campaign,
  type Experiment,
  type KnownCampaign,
  type Snapshot,
} from './model.ts';

/** Numbers of a trial id `<issue>/<experiment>.<k>`. */
export function trialParts(id: string): { issue: number; experiment: number; k: number } {
  const [issue = 0, experiment = 0, k = 0] = id.split(/[/.]/).map(Number);
  return { issue, experiment, k };
}

/** Trials in flight of one experiment (0: the champion) of one campaign, oldest first. */
export function attemptsOf(snapshot: Snapshot, issue: number, experiment: number): Attempt[] {
  return [...snapshot.attempts.values()]
    .filter(attempt => {
      const parts = trialParts(attempt.trial);
      return parts.issue === issue && parts.experiment === experiment;
    })
    .sort((a, b) => trialParts(a.trial).k - trialParts(b.trial).k);
}

/** Completed trials of an experiment: those in its marker and those whose check run is complete. */
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

/** The campaign whose turn it is: the oldest running one. Others on the same base wait. */
export function currentCampaign(snapshot: Pick<Snapshot, 'campaigns'>): LiveCampaign | null {
  return liveCampaigns(snapshot).find(campaign => campaign.state.phase === 'running') ?? null;
}

export function openExperiments(snapshot: Snapshot, campaign: Campaign): Experiment[] {
  return experimentsOf(snapshot, campaign).filter(experiment => experiment.state === 'open');
}

/** All experiments of a campaign in the order of their numbers. */
export function experimentsOf(snapshot: Snapshot, campaign: Campaign): Experiment[] {
  return snapshot.experiments
    .filter(experiment => experiment.marker.campaign === campaign.issue)
    .sort((a, b) => a.marker.number - b.marker.number);
}

/** How many experiments a campaign has had, those included whose hidden part is gone. */
export function countExperiments(snapshot: Snapshot, campaign: Campaign): number {
  const lost = snapshot.unreadable.filter(found => found.campaign === campaign.issue).length;
  return experimentsOf(snapshot, campaign).length + lost;
}

/** Seconds from an ISO time to now; infinite where the time cannot be read. */
export function secondsSince(time: string, now: Date): number {
  const then = Date.parse(time);
  return Number.isNaN(then) ? Number.POSITIVE_INFINITY : (now.getTime() - then) / 1000;
}

/** Number of a campaign's next experiment: more than any it ever had, readable or not, and of no branch that people made. */
export function nextNumber(snapshot: Snapshot, { issue }: Campaign): number {
  const markers = snapshot.experiments.map(({ marker }) => marker);
  const own = [...markers, ...snapshot.unreadable].filter(({ campaign }) => campaign === issue);
  let next = 1 + Math.max(0, ...own.map(({ number }) => number));
  while (snapshot.branches.has(branchName(issue, next))) next++;
  return next;
}
