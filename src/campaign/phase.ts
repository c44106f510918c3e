/** Phases of a campaign: what changes when it starts, pauses or ends. */
import type { PauseCause } from './cause.ts';
import type { CampaignState } from './marker.ts';

/** The part of a campaign's state that changes with its phase, always all of it: a cause must not outlive its pause. */
export type Phase = Pick<CampaignState, 'phase' | 'reason' | 'cause'>;

export const RUNNING: Phase = { phase: 'running', reason: '', cause: null };

export function paused(reason: string, cause: PauseCause | null = null): Phase {
  return { phase: 'paused', reason, cause };
}

export function ended(phase: 'finished' | 'stopped', reason: string): Phase {
  return { phase, reason, cause: null };
}
