/** The report at the end of a campaign: when it is due. */
import type { Action } from '../action.ts';
import { isKnown, type Snapshot } from '../model.ts';
import { openExperiments } from '../queries.ts';

/** Reports a campaign that has ended, once all of its experiments have their verdicts. Null if there is none. */
export function reportEnd(snapshot: Snapshot): Action | null {
  if (snapshot.contract.kind !== 'contract') return null;
  const { contract } = snapshot.contract;
  for (const campaign of snapshot.campaigns)
    if (isKnown(campaign) && campaign.state.reportDue && openExperiments(snapshot, campaign).length === 0)
      return { kind: 'report', campaign, contract };
  return null;
}
