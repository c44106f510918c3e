/** What a person's word lets a campaign leave behind. */

import type { CampaignState } from './marker.ts';
import type { Experiment } from './model.ts';
import { flaggedKey } from './notice.ts';

/** A person who lets the campaign go on forgives what made it pause. */
export function forgiveness(
  state: CampaignState,
  experiments: readonly Experiment[],
): Pick<CampaignState, 'forgiven' | 'failedInARow' | 'notices'> {
  const flagged = experiments.filter(({ marker }) => marker.verdict?.kind === 'flagged');
  return {
    failedInARow: 0,
    forgiven: { baselines: state.baselines.length, experiments: experiments.length },
    notices: [...new Set([...state.notices, ...flagged.map(flaggedKey)])],
  };
}
