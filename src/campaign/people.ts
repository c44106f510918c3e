/** What people decided and requested, as recorded in the markers. */

import type { Asked, CampaignState, ExperimentMarker, RecordedCommand, RecordedTrial } from './marker.ts';
import type { Campaign, Experiment, Snapshot } from './model.ts';
import { type LiveCampaign, openExperiments } from './queries.ts';
import { trialParts } from './trial-id.ts';

/** The last `keep` or `discard` of an experiment; null without one. */
function decision({ words }: ExperimentMarker): RecordedCommand | null {
  return words.findLast(({ kind }) => kind !== 'rerun') ?? null;
}

/** An experiment's marker keeps this many commands, the last ones. */
export const KEPT_COMMANDS = 20;

/** Login of the person who keeps an experiment, whatever the gate decides; null if nobody does. */
export function keptBy(marker: ExperimentMarker): string | null {
  const last = decision(marker);
  return last?.kind === 'keep' ? last.by : null;
}

/** Login of the person who discarded an experiment; null if nobody did. */
export function discardedBy(marker: ExperimentMarker): string | null {
  const last = decision(marker);
  return last?.kind === 'discard' ? last.by : null;
}

/** Whether an experiment is held for review and nobody has decided yet. */
export function waitsForPeople({ state, marker }: Experiment): boolean {
  return state === 'open' && marker.held !== null && decision(marker) === null;
}

/** The number of the last trial before the last `rerun`; 0 without one. */
function rerunAfter({ words }: ExperimentMarker): number {
  return words.findLast(({ kind }) => kind === 'rerun')?.after ?? 0;
}

/** Whether a requested rerun has not been measured yet. */
export function owesRerun(marker: ExperimentMarker, trials: readonly RecordedTrial[]): boolean {
  const after = Math.max(rerunAfter(marker), marker.staleTrials);
  return rerunAfter(marker) > 0 && trials.every(({ trial }) => trialParts(trial).k <= after);
}

/** The trials whose crashes and faults count: those after the last `rerun`. */
export function trialsSinceRerun(
  marker: ExperimentMarker,
  trials: readonly RecordedTrial[],
): RecordedTrial[] {
  return trials.filter(({ trial }) => trialParts(trial).k > rerunAfter(marker));
}

/** Whether a campaign is only paused until people have decided on held experiments. */
export function waitsForDecisions(state: CampaignState): boolean {
  return state.phase === 'paused' && state.cause === 'held';
}

/** Whether they have all been decided, so that such a campaign can resume. */
export function canResume(snapshot: Snapshot, campaign: LiveCampaign): boolean {
  return waitsForDecisions(campaign.state) && !openExperiments(snapshot, campaign).some(waitsForPeople);
}

/** Requests by people that no experiment was made from yet, oldest first. */
export function stillAsked(snapshot: Snapshot, { issue, state }: Campaign): Asked[] {
  const made = snapshot.experiments.flatMap(({ marker }) =>
    marker.campaign === issue && marker.asked ? [marker.asked.comment] : [],
  );
  return (state?.asked ?? []).filter(({ comment }) => !made.includes(comment));
}
