/** The phases of a campaign. */
import type { PauseCause } from './cause.ts';
import type { CampaignState } from './marker.ts';

/** The fields of a campaign's state that change with its phase. They always change together, so that a cause does not outlive its pause. */
export type Phase = Pick<CampaignState, 'phase' | 'reason' | 'cause'>;

export const RUNNING: Phase = { phase: 'running', reason: '', cause: null };

export function paused(reason: string, cause: PauseCause | null = null): Phase {
  return { phase: 'paused', reason, cause };
}

export function ended(phase: 'finished' | 'stopped', reason: string): Phase {
  return { phase, reason, cause: null };
}
