/** The contract's limits on time and money. When one is reached, nothing new is started and the campaign finishes. */

import type { Contract } from '../../protocol/contract.ts';
import { spending } from '../evidence/ledger.ts';
import type { CampaignState } from '../marker.ts';
import type { Campaign, Snapshot } from '../model.ts';
import { experimentsOf } from '../queries.ts';
import { secondsSince } from '../time.ts';

/** How many experiments a campaign may have: as many as requested, but at most as many as the contract allows. */
export function targetOf({ limits }: Contract, { target }: CampaignState): number {
  return Math.min(target, limits.experiments);
}

/**
 * The limit that a campaign has reached: a sentence with the limit, the value, and what to do. Null if it has reached none.
 * The number of experiments is not checked here, see `targetOf`.
 */
export function limitReached(
  snapshot: Snapshot,
  contract: Contract,
  campaign: Campaign,
  now: Date,
): string | null {
  return hoursReached(contract, campaign, now) ?? dollarsReached(snapshot, contract, campaign);
}

/** Time counts from when the campaign was last started, including pauses. */
function hoursReached({ limits }: Contract, { state }: Campaign, now: Date): string | null {
  if (limits.hours === null || state === null) return null;
  const hours = secondsSince(state.startedAt, now) / 3600;
  if (hours < limits.hours) return null;
  return `Reached the contract's limit of ${inHours(limits.hours)}: the campaign was started ${inHours(hours)} ago. To continue with a new time limit, comment \`/research N\`.`;
}

/**
 * Why agents must not be asked any more. An unknown cost, because an endpoint did not report its tokens, also ends the campaign: the
 * limit could not be enforced.
 */
export function dollarsReached(snapshot: Snapshot, { limits }: Contract, campaign: Campaign): string | null {
  if (limits.usd === null) return null;
  const { usd } = spending(campaign, experimentsOf(snapshot, campaign)).cost;
  const limit = `the contract's limit of ${inDollars(limits.usd)}`;
  if (usd === null)
    return `Cannot enforce ${limit}: an agent's answer did not report its tokens, so the total cost is unknown. To continue, remove \`limits.usd\` from the contract, then comment \`/research N\`.`;
  // Sums of cents are not exact.
  if (usd < limits.usd - 1e-9) return null;
  return `Reached ${limit}: agents have cost ${inDollars(usd)}. To continue, raise \`limits.usd\` in the contract, then comment \`/research N\`.`;
}

/** When a campaign reaches its time limit; null without a limit. */
export function deadlineOf({ hours }: { hours: number | null }, startedAt: string): Date | null {
  return hours === null ? null : new Date(Date.parse(startedAt) + hours * 3_600_000);
}

/** `$25`, `$25.10`, and two significant digits below a cent. */
export function inDollars(usd: number): string {
  if (usd > 0 && usd < 0.01) return `$${Number(usd.toPrecision(2))}`;
  return `$${usd.toFixed(2).replace(/\.00$/, '')}`;
}

function inHours(hours: number): string {
  return `${Number(hours.toFixed(2))} ${hours === 1 ? 'hour' : 'hours'}`;
}
