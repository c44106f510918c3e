/** What no longer counts after a person has resumed a campaign. */

import type { CampaignState } from './marker.ts';
import type { Experiment } from './model.ts';
import { flaggedKey } from './notice.ts';

/** Earlier failures, and flagged experiments that the person has now seen. */
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
