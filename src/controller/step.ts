/** One step of a loop: observes GitHub, plans, and carries out one action. Updates what people read if there is none, and in between. */
import { type Action, keyOf } from '../campaign/action.ts';
import type { Snapshot } from '../campaign/model.ts';
import { planWithout } from '../campaign/plan/skip-refused.ts';
import { apply } from '../github/act/apply.ts';
import { type ExportMemory, exportLog } from '../github/act/export.ts';
import { giveUp } from '../github/act/give-up.ts';
import { refreshPromotions } from '../github/act/promote.ts';
import type { Context } from '../github/context.ts';
import { forgetEnded } from '../github/observe/campaigns.ts';
import { emptyMemory, type Memory } from '../github/observe/memory.ts';
import { observe } from '../github/observe/observe.ts';
import { isSkipped, unlessRefused } from '../github/refusals.ts';
import { refreshStatus } from '../github/state.ts';
import { dropUnwanted } from '../github/thinking.ts';
import { type Done, nextStep, noteDone, settling } from './settling.ts';

/** What a loop remembers between steps. Losing it only costs requests. */
export type LoopMemory = Memory & {
  export: ExportMemory;
  done: Done;
  /** When what people read was last looked over; null before the first step. */
  refreshedAt: Date | null;
};

/** A busy loop updates what people read this often. */
const REFRESH_SECONDS = 40;

export function emptyLoopMemory(): LoopMemory {
  return {
    ...emptyMemory(),
    export: { experiments: null, writtenAt: null },
    done: new Map(),
    refreshedAt: null,
  };
}

/** Returns the action that was carried out, or `wait` with the seconds until the next step is due. Throws errors of GitHub and the network. */
export async function step(context: Context, memory: LoopMemory): Promise<Action> {
  const now = context.now();
  const snapshot = await snapshotOf(context, memory, now);
  const action = choose(snapshot, memory, now);
  if (action.kind === 'wait')
    return { kind: 'wait', seconds: Math.min(action.seconds, await refresh(context, snapshot, memory, now)) };
  memory.refreshedAt ??= now;
  if (now.getTime() - memory.refreshedAt.getTime() >= REFRESH_SECONDS * 1000)
    await refresh(context, snapshot, memory, now);
  if (isSettling(action, memory.done, now))
    return { kind: 'wait', seconds: nextStep(memory.done, keyOf(action), now) };
  await carryOut(context, snapshot, memory, action);
  return action;
}

/** A snapshot of GitHub, with the thoughts of agents. */
async function snapshotOf({ port, thinking }: Context, memory: LoopMemory, now: Date): Promise<Snapshot> {
  const seen = await observe(port, memory, now);
  dropUnwanted(thinking, seen);
  return { ...seen, thoughts: thinking.thoughts() };
}

/** The next action, except those that GitHub refused for good and duplicates that are being removed. */
function choose(snapshot: Snapshot, { refusals, done }: LoopMemory, now: Date): Action {
  return planWithout(
    snapshot,
    now,
    action =>
      isSkipped(refusals, keyOf(action), now) ||
      // A cancelled run may take minutes to end, and nothing should wait for that.
      (action.kind === 'tidy' && settling(done, keyOf(action), now) > 0),
  );
}

/** Whether GitHub's lists may not show yet that an action was done. */
function isSettling(action: Action, done: Done, now: Date): boolean {
  // Thinking writes nothing on GitHub, so there is nothing that could lag.
  if (action.kind === 'think') return false;
  const key = keyOf(action);
  // A list may not show the branch's pull request yet, and deleting the branch would close that.
  if (action.kind === 'clean' && !done.has(key)) noteDone(done, key, now);
  return settling(done, key, now) > 0;
}

async function carryOut(
  context: Context,
  snapshot: Snapshot,
  { done, refusals }: LoopMemory,
  action: Exclude<Action, { kind: 'wait' }>,
): Promise<void> {
  const key = keyOf(action);
  try {
    await apply(context, snapshot, action);
    refusals.counts.delete(key);
  } catch (error) {
    if (!(await giveUp(context, snapshot, refusals, { action, key, error }))) throw error;
  } finally {
    // A failed action may have been done in part, or completely with the response lost.
    noteDone(done, key, context.now());
  }
}

/** Updates what people read: status comments, promotions, the export. Returns the seconds until the next update is due, or Infinity. */
async function refresh(context: Context, snapshot: Snapshot, memory: LoopMemory, now: Date): Promise<number> {
  const { refusals } = memory;
  // Noted first: if it fails, the next step goes on with its action.
  memory.refreshedAt = now;
  const status = await refreshStatus(context.port, snapshot, now);
  await refreshPromotions(context, snapshot, refusals);
  forgetEnded(memory, snapshot);
  const log = await unlessRefused(context, refusals, 'the export', () =>
    exportLog(context, snapshot, memory.export, now),
  );
  return Math.min(status ?? Infinity, log ?? Infinity);
}
