/** The phases of a campaign. */
import type { PauseCause } from './cause.ts';
import type { CampaignState } from './marker.ts';
import type { Experiment } from './model.ts';
import { flaggedKey } from './notice.ts';

/** The fields of a campaign's state that change with its phase. They always change together, so that a cause does not outlive its pause. */
export type Phase = Pick<CampaignState, 'phase' | 'reason' | 'cause' | 'reportDue'>;

export const RUNNING: Phase = { phase: 'running', reason: '', cause: null, reportDue: false };

export function paused(reason: string, cause: PauseCause | null = null): Phase {
  return { phase: 'paused', reason, cause, reportDue: false };
}

export function ended(phase: 'finished' | 'stopped', reason: string): Phase {
  return { phase, reason, cause: null, reportDue: true };
}

/** What changes when a person resumes a campaign: earlier failures no longer count, and flagged experiments have been seen. */
export function resumed(
  state: CampaignState,
  experiments: readonly Experiment[],
): Phase & Pick<CampaignState, 'forgiven' | 'failedInARow' | 'notices'> {
  const flagged = experiments.filter(({ marker }) => marker.verdict?.kind === 'flagged');
  return {
    ...RUNNING,
    failedInARow: 0,
    forgiven: { baselines: state.baselines.length, experiments: experiments.length },
    notices: [...new Set([...state.notices, ...flagged.map(flaggedKey)])],
  };
}
