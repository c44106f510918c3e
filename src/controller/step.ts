/** One step of a loop: observes GitHub, plans, and does one thing, or brings up to date what people read and says how long to wait. */
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
import { type Done, nextLook, noteDone, settling } from './settling.ts';

/** What a loop remembers from look to look; losing it costs requests only. */
export type LoopMemory = Memory & { export: ExportMemory; done: Done };

export function emptyLoopMemory(): LoopMemory {
  return { ...emptyMemory(), export: { results: null, writtenAt: null }, done: new Map() };
}

/** Returns what was done; `wait` says for how many seconds at most. Throws what GitHub or the network did wrong. */
export async function step(context: Context, memory: LoopMemory): Promise<Action> {
  const now = context.now();
  const snapshot = await look(context, memory, now);
  const action = choose(snapshot, memory, now);
  if (action.kind === 'wait')
    return { kind: 'wait', seconds: Math.min(action.seconds, await refresh(context, snapshot, memory, now)) };
  if (isSettling(action, memory.done, now))
    return { kind: 'wait', seconds: nextLook(memory.done, keyOf(action), now) };
  await carryOut(context, snapshot, memory, action);
  return action;
}

/** GitHub as it is, and what agents think about. */
async function look({ port, thinking }: Context, memory: LoopMemory, now: Date): Promise<Snapshot> {
  const seen = await observe(port, memory, now);
  dropUnwanted(thinking, seen);
  return { ...seen, thoughts: thinking.thoughts() };
}

/** The next action but for those that GitHub refused for good, and for duplicates that are being removed. */
function choose(snapshot: Snapshot, { refusals, done }: LoopMemory, now: Date): Action {
  return planWithout(
    snapshot,
    now,
    action =>
      isSkipped(refusals, keyOf(action), now) ||
      // A run may take minutes to end that GitHub was asked to cancel, and nothing waits for that.
      (action.kind === 'tidy' && settling(done, keyOf(action), now) > 0),
  );
}

/** Whether lists may not show yet that an action was done. */
function isSettling(action: Action, done: Done, now: Date): boolean {
  // What is only thought about leaves no trace on GitHub that could lag.
  if (action.kind === 'think') return false;
  const key = keyOf(action);
  // The list of pull requests may not show yet what a branch was made for, and deleting the branch would close it.
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
    // What failed may have been done by half, or wholly with the answer lost.
    noteDone(done, key, context.now());
  }
}

/** Brings up to date what people read. Returns in how many seconds there is more to bring up to date; infinite where there is not. */
async function refresh(context: Context, snapshot: Snapshot, memory: LoopMemory, now: Date): Promise<number> {
  const { refusals } = memory;
  const status = await refreshStatus(context.port, snapshot, now);
  await refreshPromotions(context, snapshot, refusals);
  forgetEnded(memory, snapshot);
  const log = await unlessRefused(context, refusals, 'the export', () =>
    exportLog(context, snapshot, memory.export, now),
  );
  return Math.min(status ?? Infinity, log ?? Infinity);
}
