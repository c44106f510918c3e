/** The report at the end of a campaign, and the digest each day before that: when they are due. */
import { lastOccurrence } from '../../protocol/time-of-day.ts';
import type { Action } from '../action.ts';
import { isKnown, type Snapshot } from '../model.ts';
import { digestKey } from '../notice.ts';
import { experimentsOf, liveCampaigns, openExperiments } from '../queries.ts';

/** Reports a campaign that has ended, once all of its experiments have their verdicts. Null if there is none. */
export function reportEnd(snapshot: Snapshot): Action | null {
  if (snapshot.contract.kind !== 'contract') return null;
  const { contract } = snapshot.contract;
  for (const campaign of snapshot.campaigns)
    if (isKnown(campaign) && campaign.state.reportDue && openExperiments(snapshot, campaign).length === 0)
      return { kind: 'report', campaign, contract };
  return null;
}

/**
 * The digest of a campaign that is still going, at the time of day in the contract. One that was missed is made up for, but only the last
 * one. Null if there is none.
 */
export function digest(snapshot: Snapshot, now: Date): Action | null {
  if (snapshot.contract.kind !== 'contract') return null;
  const { contract } = snapshot.contract;
  if (contract.digest === null) return null;
  const at = lastOccurrence(contract.digest, now);
  const key = digestKey(at);
  const campaign = liveCampaigns(snapshot).find(
    each =>
      Date.parse(each.state.startedAt) < at.getTime() &&
      !each.state.notices.includes(key) &&
      experimentsOf(snapshot, each).some(({ marker }) => marker.verdict !== null),
  );
  return campaign ? { kind: 'digest', campaign, contract, key } : null;
}
