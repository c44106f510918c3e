/** Keys of notices that the App posts once per campaign. They are stored on GitHub, so keys must not change; the texts can. */
import type { CampaignState } from './marker.ts';
import type { Experiment, Promotion, Run } from './model.ts';

/** The campaign's state was lost. */
export const STATE_LOST_KEY = 'state lost';

/** A promotion was merged or closed. */
export function promotionKey({ pull, state }: Promotion): string {
  return `promotion ${pull} ${state}`;
}

/** The default branch already contains everything up to `tip`. */
export function takenOverKey(tip: string): string {
  return `taken over ${tip}`;
}

/** A run was started again by hand, although its trial already has a result. */
export function repeatedRunKey({ id }: Pick<Run, 'id'>): string {
  return `run again ${id}`;
}

/** A person has seen that this experiment was flagged. */
export function flaggedKey({ pull }: Experiment): string {
  return `flagged ${pull}`;
}

/** The champion does not meet an absolute limit of the contract. */
export function unmetGuardKey(name: string, bound: string): string {
  return `unmet guard ${name} ${bound}`;
}

/** The report at the end of a campaign that was last started at this time. */
export function reportKey({ startedAt }: Pick<CampaignState, 'startedAt'>): string {
  return `report ${startedAt}`;
}

/** What a campaign had found by then. */
export function digestKey(at: Date): string {
  return `digest ${at.toISOString()}`;
}

/** Notices about queued runs that no runner picks up; `paused` also pauses the campaign. */
const QUEUE_KEYS = { waiting: 'no runner for run', paused: 'paused for run' };
export type QueueNotice = keyof typeof QUEUE_KEYS;

/** A notice about the queued run `last` covers all earlier runs, because GitHub's run ids increase. */
export function queueKey(notice: QueueNotice, last: Pick<Run, 'id'>): string {
  return `${QUEUE_KEYS[notice]} ${last.id}`;
}

/** Whether a notice about this run, or a later one, has been posted. */
export function coversRun(keys: readonly string[], notice: QueueNotice, { id }: Pick<Run, 'id'>): boolean {
  const pattern = new RegExp(`^${QUEUE_KEYS[notice]} (\\d+)$`);
  return keys.some(key => Number(pattern.exec(key)?.[1] ?? 0) >= id);
}
