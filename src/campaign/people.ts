/** What people said of experiments, and what they asked for: their words stand in the markers. */

import type { Asked, CampaignState, ExperimentMarker, RecordedTrial, SpokenWord } from './marker.ts';
import type { Campaign, Experiment, Snapshot } from './model.ts';
import { type LiveCampaign, openExperiments, trialParts } from './queries.ts';

/** The last word for or against an experiment; null where nobody said any. */
function decision({ words }: ExperimentMarker): SpokenWord | null {
  return words.findLast(({ kind }) => kind !== 'rerun') ?? null;
}

/** Of many words on one experiment the last are kept. */
export const KEPT_WORDS = 20;

/** Login of the person who is the judge of an experiment; null where the gate is. */
export function keptBy(marker: ExperimentMarker): string | null {
  const last = decision(marker);
  return last?.kind === 'keep' ? last.by : null;
}

/** Login of the person who wants an experiment closed; null where nobody does. */
export function discardedBy(marker: ExperimentMarker): string | null {
  const last = decision(marker);
  return last?.kind === 'discard' ? last.by : null;
}

/** Whether the gate left an experiment to people, and nobody has said a word since. */
export function waitsForPeople({ state, marker }: Experiment): boolean {
  return state === 'open' && marker.held !== null && decision(marker) === null;
}

/** Trials up to this number are those that a person wants measured again; 0 where nobody does. */
function rerunAfter({ words }: ExperimentMarker): number {
  return words.findLast(({ kind }) => kind === 'rerun')?.after ?? 0;
}

/** Whether a person asked for one more trial, and it has not been taken yet. */
export function owesTrial(marker: ExperimentMarker, trials: readonly RecordedTrial[]): boolean {
  const after = Math.max(rerunAfter(marker), marker.staleTrials);
  return rerunAfter(marker) > 0 && trials.every(({ trial }) => trialParts(trial).k <= after);
}

/** Crashes and faults that a person's `rerun` forgave are no failures any more. */
export function unforgiven(marker: ExperimentMarker, trials: readonly RecordedTrial[]): RecordedTrial[] {
  return trials.filter(({ trial }) => trialParts(trial).k > rerunAfter(marker));
}

/** Why a campaign pauses whose last open experiments wait for people. */
export function waitingReason(experiments: readonly Experiment[]): string {
  const pulls = experiments.map(({ pull }) => `#${pull}`).join(', ');
  return `Only people can decide what is left: ${pulls}. Comment \`/research keep\`, \`discard\` or \`rerun\` there; the campaign then goes on by itself.`;
}

/** Whether a campaign is paused for nothing but people's words. */
export function isWaiting(state: CampaignState): boolean {
  return state.phase === 'paused' && state.cause === 'held';
}

/** Whether people have decided what such a campaign waited for. */
export function mayGoOn(snapshot: Snapshot, campaign: LiveCampaign): boolean {
  return isWaiting(campaign.state) && !openExperiments(snapshot, campaign).some(waitsForPeople);
}

/** What people asked for and no experiment was made of yet, oldest first. */
export function stillAsked(snapshot: Snapshot, { issue, state }: Campaign): Asked[] {
  const made = snapshot.experiments.flatMap(({ marker }) =>
    marker.campaign === issue && marker.asked ? [marker.asked.comment] : [],
  );
  return (state?.asked ?? []).filter(({ comment }) => !made.includes(comment));
}
