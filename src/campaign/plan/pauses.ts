/** Pauses in which a person has to look, decide or fix something. Each is null where there is nothing of its kind. */
import type { Action, Work } from '../action.ts';
import { MAX_FAILED_PROPOSALS } from '../marker.ts';
import type { KnownCampaign, Snapshot } from '../model.ts';
import { flaggedKey } from '../notice.ts';
import { waitingReason, waitsForPeople } from '../people.ts';
import { paused } from '../phase.ts';
import { countExperiments, experimentsOf } from '../queries.ts';
import { quote } from '../quote.ts';
import { targetOf } from './campaign-limits.ts';

/** A verdict that a person has to look at is waited for. */
export function pauseForFlagged(snapshot: Snapshot, campaign: KnownCampaign): Action | null {
  const flagged = experimentsOf(snapshot, campaign).find(
    each => each.marker.verdict?.kind === 'flagged' && !campaign.state.notices.includes(flaggedKey(each)),
  );
  if (!flagged) return null;
  const reason = `#${flagged.pull} is not to be trusted unseen, as its verdict says. Look at what it does, then comment \`/research resume\`.`;
  return { kind: 'phase', campaign, ...paused(reason) };
}

/** When nothing is left but what only people can decide. */
export function pauseForHeld(snapshot: Snapshot, campaign: KnownCampaign): Action | null {
  const waiting = experimentsOf(snapshot, campaign).filter(waitsForPeople);
  return waiting.length > 0 ? { kind: 'phase', campaign, ...paused(waitingReason(waiting), 'held') } : null;
}

/** When too many proposals failed in a row. */
export function pauseForFailedProposals(campaign: KnownCampaign): Action | null {
  const { failedInARow, failedProposals } = campaign.state;
  if (failedInARow < MAX_FAILED_PROPOSALS) return null;
  const reason = `${MAX_FAILED_PROPOSALS} proposals in a row came to nothing, at last: ${quote(failedProposals.at(-1) ?? '')}. Mend that, then comment \`/research resume\`.`;
  return { kind: 'phase', campaign, ...paused(reason) };
}

/** When too many of the last experiments that have a verdict crashed, and there is more to come. */
export function pauseForCrashes(snapshot: Snapshot, { campaign, contract }: Work): Action | null {
  const most = contract.limits.crashes_in_a_row;
  const last = experimentsOf(snapshot, campaign)
    .slice(campaign.state.forgiven.experiments)
    .filter(({ marker }) => marker.verdict !== null)
    .slice(-most);
  if (countExperiments(snapshot, campaign) >= targetOf(contract, campaign.state)) return null;
  if (last.length < most || last.some(({ marker }) => marker.verdict?.kind !== 'crash')) return null;
  const reason = `${last.length} experiments in a row crashed. Look at the last ones, then comment \`/research resume\`.`;
  return { kind: 'phase', campaign, ...paused(reason) };
}
