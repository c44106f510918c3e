/** The current campaign, and what its next step depends on. */
import type { Work } from '../action.ts';
import type { Experiment, Snapshot } from '../model.ts';
import { waitsForPeople } from '../people.ts';
import { currentCampaign, openExperiments } from '../queries.ts';
import { limitReached } from './campaign-limits.ts';

export interface Turn {
  snapshot: Snapshot;
  work: Work;
  now: Date;
  open: Experiment[];
  /** How many of them need a runner, which held ones do not. */
  active: number;
  /** Maximum number of trials in parallel. */
  parallel: number;
  /** Which limit was reached, as a sentence for people; then nothing new is started. Null if none was. */
  limit: string | null;
}

/** Null without a running campaign or without a readable contract. */
export function turnOf(snapshot: Snapshot, now: Date): Turn | null {
  const campaign = currentCampaign(snapshot);
  if (!campaign || snapshot.contract.kind !== 'contract') return null;
  const { contract } = snapshot.contract;
  const open = openExperiments(snapshot, campaign);
  return {
    snapshot,
    work: { campaign, contract },
    now,
    open,
    active: open.filter(experiment => !waitsForPeople(experiment)).length,
    parallel: campaign.state.parallel ?? contract.parallel,
    limit: limitReached(snapshot, contract, campaign, now),
  };
}
