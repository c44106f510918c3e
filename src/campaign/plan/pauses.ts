/** Reasons to pause until a person has reviewed, decided or fixed something. Null if there is no such reason. */

import { quote } from '../../text/markdown.ts';
import type { Action, Work } from '../action.ts';
import { MAX_FAILED_PROPOSALS } from '../marker.ts';
import type { Experiment, KnownCampaign, Snapshot } from '../model.ts';
import { flaggedKey } from '../notice.ts';
import { waitsForPeople } from '../people.ts';
import { paused } from '../phase.ts';
import { countExperiments, experimentsOf } from '../queries.ts';
import { targetOf } from './campaign-limits.ts';

/** A person has to review an experiment that was flagged. */
export function pauseForFlagged(snapshot: Snapshot, campaign: KnownCampaign): Action | null {
  const flagged = experimentsOf(snapshot, campaign).find(
    each => each.marker.verdict?.kind === 'flagged' && !campaign.state.notices.includes(flaggedKey(each)),
  );
  if (!flagged) return null;
  const reason = `#${flagged.pull} was flagged by its audit. Check how it achieves its score, then comment \`/research resume\`.`;
  return { kind: 'phase', campaign, ...paused(reason) };
}

/** All that is left to do is to decide on held experiments. */
export function pauseForHeld(snapshot: Snapshot, campaign: KnownCampaign): Action | null {
  const held = experimentsOf(snapshot, campaign).filter(waitsForPeople);
  if (held.length === 0) return null;
  const pulls = held.map(({ pull }) => `#${pull}`).join(', ');
  const reason = `The remaining experiments need a decision: ${pulls}. Comment \`/research keep\`, \`discard\` or \`rerun\` on each of them. The campaign then resumes by itself.`;
  return { kind: 'phase', campaign, ...paused(reason, 'held') };
}

/** Too many proposals failed in a row. */
export function pauseForFailedProposals(campaign: KnownCampaign): Action | null {
  const { failedInARow, failedProposals } = campaign.state;
  if (failedInARow < MAX_FAILED_PROPOSALS) return null;
  const reason = `${MAX_FAILED_PROPOSALS} proposals failed in a row. Last error: ${quote(failedProposals.at(-1) ?? '')}. Fix it, then comment \`/research resume\`.`;
  return { kind: 'phase', campaign, ...paused(reason) };
}

/** Too many of the latest experiments crashed, and there are more to come. */
export function pauseForCrashes(snapshot: Snapshot, { campaign, contract }: Work): Action | null {
  const most = contract.limits.crashes_in_a_row;
  const last = experimentsOf(snapshot, campaign)
    .slice(campaign.state.forgiven.experiments)
    .filter(({ marker }) => marker.verdict !== null)
    .slice(-most);
  if (countExperiments(snapshot, campaign) >= targetOf(contract, campaign.state)) return null;
  if (last.length < most || last.some(({ marker }) => marker.verdict?.kind !== 'crash')) return null;
  return { kind: 'phase', campaign, ...paused(crashesReason(last)) };
}

/** What crashed and how, and what to do. Only a person can tell whether the machine is at fault where nothing known points to it. */
function crashesReason(crashed: readonly Experiment[]): string {
  const pulls = crashed.map(({ pull }) => `#${pull}`).join(', ');
  const errors = new Set(crashed.map(({ marker }) => marker.verdict?.reason ?? ''));
  const isOne = crashed.length === 1;
  const seen = isOne
    ? `${pulls} crashed: `
    : `${crashed.length} experiments in a row crashed (${pulls}), ${errors.size === 1 ? 'all with the same error' : 'the last one with'}: `;
  const hint =
    errors.size === 1 && !isOne
      ? 'The same error from different ideas usually comes from the machine or its environment.'
      : 'Check their output.';
  return `${seen}${quote([...errors].at(-1) ?? '')}. ${hint} If the machine was at fault, fix it and comment \`/research rerun\` on the pull requests that deserve another try. Then comment \`/research resume\` here. Anyone with write permission can do this.`;
}
