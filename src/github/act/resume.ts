/** A campaign that a person lets go on, after a pause or after its end. */

import { forgiveness } from '../../campaign/forgive.ts';
import type { CampaignState } from '../../campaign/marker.ts';
import type { KnownCampaign, Snapshot } from '../../campaign/model.ts';
import { RUNNING } from '../../campaign/phase.ts';
import { experimentsOf, hasEnded } from '../../campaign/queries.ts';
import type { Context } from '../context.ts';
import { baseToGoOnFrom } from './campaign-branch.ts';

/** Its state from then on: what it failed at is forgiven, and one that had ended has a new clock, and a new turn among others. */
export async function goingOn(
  { port, now }: Pick<Context, 'port' | 'now'>,
  snapshot: Snapshot,
  campaign: KnownCampaign,
): Promise<CampaignState> {
  const { state } = campaign;
  return {
    ...state,
    ...RUNNING,
    startedAt: hasEnded(state) ? now().toISOString() : state.startedAt,
    base: await baseToGoOnFrom(port, snapshot, campaign),
    ...forgiveness(state, experimentsOf(snapshot, campaign)),
  };
}
