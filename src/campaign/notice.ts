/** Keys of what the App says once on a campaign's issue. They are stored on GitHub, so a key never changes; the text it stands for may. */
import type { Experiment, Promotion, Run } from './model.ts';

/** The campaign's state cannot be read any more. */
export const STATE_LOST_KEY = 'state lost';

/** What became of a promotion. */
export function promotionKey({ pull, state }: Promotion): string {
  return `promotion ${pull} ${state}`;
}

/** The default branch holds all that led to `tip`. */
export function takenOverKey(tip: string): string {
  return `taken over ${tip}`;
}

/** Somebody ran a workflow again whose result counts already. */
export function repeatedRunKey({ id }: Pick<Run, 'id'>): string {
  return `run again ${id}`;
}

/** A person has seen what the audit of this experiment found. */
export function flaggedKey({ pull }: Experiment): string {
  return `flagged ${pull}`;
}

/** What is said of runs that no runner picks up; `paused` also pauses the campaign. */
const QUEUE_KEYS = { waiting: 'no runner for run', paused: 'paused for run' };
export type QueueNotice = keyof typeof QUEUE_KEYS;

/** `last`: the newest run that waits; the notice covers those before it, too, because GitHub numbers runs in their order. */
export function queueKey(notice: QueueNotice, last: Pick<Run, 'id'>): string {
  return `${QUEUE_KEYS[notice]} ${last.id}`;
}

/** Whether one of the notices on queued runs covers this one. */
export function coversRun(keys: readonly string[], notice: QueueNotice, { id }: Pick<Run, 'id'>): boolean {
  const pattern = new RegExp(`^${QUEUE_KEYS[notice]} (\\d+)$`);
  return keys.some(key => Number(pattern.exec(key)?.[1] ?? 0) >= id);
}
