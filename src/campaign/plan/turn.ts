/** What the next step of the current campaign depends on. */
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
  /** How many of them need a runner: held ones do not. */
  active: number;
  /** Trials in flight at most. */
  parallel: number;
  /** The limit that was reached, as a sentence: nothing new is started. Null while there is none. */
  limit: string | null;
}

/** Null where no campaign is running, or nobody can read what it may do. */
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
