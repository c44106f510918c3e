/** The contract's limits on time and money: at one of them nothing new is thought of or opened, and the campaign finishes. */
import type { Contract } from '../../protocol/contract.ts';
import { spending } from '../evidence/ledger.ts';
import type { CampaignState } from '../marker.ts';
import type { Campaign, Snapshot } from '../model.ts';
import { experimentsOf, secondsSince } from '../queries.ts';

/** How many experiments a campaign may have: what was asked for, at most what the contract allows. */
export function targetOf({ limits }: Contract, { target }: CampaignState): number {
  return Math.min(target, limits.experiments);
}

/**
 * Why a campaign may not go on: a sentence that names the limit, what was reached, and what to do. Null while it may.
 * How many experiments it may have says `targetOf`.
 */
export function limitReached(
  snapshot: Snapshot,
  contract: Contract,
  campaign: Campaign,
  now: Date,
): string | null {
  return hoursReached(contract, campaign, now) ?? dollarsReached(snapshot, contract, campaign);
}

/** The clock runs from the command that started the campaign, or started it again after its end; pauses count. */
function hoursReached({ limits }: Contract, { state }: Campaign, now: Date): string | null {
  if (limits.hours === null || state === null) return null;
  const hours = secondsSince(state.startedAt, now) / 3600;
  if (hours < limits.hours) return null;
  return `The contract's limit of ${inHours(limits.hours)} was reached: the campaign was started ${inHours(hours)} ago. \`/research N\` goes on, with a new clock.`;
}

/**
 * Why the agents may not be asked any more. A price that is not known, because an endpoint did not count its tokens, is no reason to
 * go on: nobody could say then when to stop.
 */
export function dollarsReached(snapshot: Snapshot, { limits }: Contract, campaign: Campaign): string | null {
  if (limits.usd === null) return null;
  const { usd } = spending(campaign, experimentsOf(snapshot, campaign)).cost;
  const limit = `The contract's limit of ${inDollars(limits.usd)}`;
  if (usd === null)
    return `${limit} cannot be kept: an agent's answer came without a count of its tokens, so nobody knows what was spent. Take \`limits.usd\` out of the contract, then \`/research N\` goes on.`;
  // Sums of cents are not exact.
  if (usd < limits.usd - 1e-9) return null;
  return `${limit} was reached: the agents have cost ${inDollars(usd)}. Raise \`limits.usd\` in the contract, then \`/research N\` goes on.`;
}

/** At which moment the time of a campaign is over; null without a limit. */
export function deadlineOf({ hours }: { hours: number | null }, startedAt: string): Date | null {
  return hours === null ? null : new Date(Date.parse(startedAt) + hours * 3_600_000);
}

/** `$25`, `$25.10`, and below a cent what is needed to see it. */
export function inDollars(usd: number): string {
  if (usd > 0 && usd < 0.01) return `$${Number(usd.toPrecision(2))}`;
  return `$${usd.toFixed(2).replace(/\.00$/, '')}`;
}

function inHours(hours: number): string {
  return `${Number(hours.toFixed(2))} ${hours === 1 ? 'hour' : 'hours'}`;
}
