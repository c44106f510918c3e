/** Continues a campaign after a pause or after its end. */
import { doubtfulCrashes } from '../../campaign/evidence/doubt.ts';
import type { CampaignState } from '../../campaign/marker.ts';
import type { KnownCampaign, Snapshot } from '../../campaign/model.ts';
import { resumed } from '../../campaign/phase.ts';
import { experimentsOf, hasEnded } from '../../campaign/queries.ts';
import type { Context } from '../context.ts';
import { baseToContinueFrom } from './campaign-branch.ts';

/**
 * The state of a continued campaign: failures so far are forgiven, ideas that crashed next to a machine error are tried again, and one that
 * had ended starts a new clock and queues again.
 */
export async function continued(
  { port, now }: Pick<Context, 'port' | 'now'>,
  snapshot: Snapshot,
  campaign: KnownCampaign,
): Promise<CampaignState> {
  const { state } = campaign;
  const experiments = experimentsOf(snapshot, campaign);
  const doubtful = hasEnded(state) ? [] : doubtfulCrashes(state, experiments);
  return {
    ...state,
    ...resumed(state, experiments),
    target: state.target + doubtful.length,
    asked: [...state.asked, ...doubtful],
    startedAt: hasEnded(state) ? now().toISOString() : state.startedAt,
    base: await baseToContinueFrom(port, snapshot, campaign),
  };
}
