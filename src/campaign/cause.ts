/** Why a verdict or a pause came about, as one stored word. Decisions rest on it; the sentence beside it is for people alone. */
import { z } from 'zod';

/** Why an experiment was merged: `simpler` is a tie with shorter code, `kept` a person's decision. */
export const mergeCauseSchema = z.enum(['better', 'simpler', 'kept']);
export type MergeCause = z.infer<typeof mergeCauseSchema>;

/** `held`: only held experiments are left. The campaign resumes by itself when they are decided. */
export const pauseCauseSchema = z.enum(['held']);
export type PauseCause = z.infer<typeof pauseCauseSchema>;

/** The sentences that markers without a cause are read by. They are stored on GitHub, so they never change. */
const OLD_SIMPLER = 'As good as the champion, and shorter.';
const OLD_KEPT = 'Kept by ';
const OLD_HELD = 'Only people can decide what is left: ';

/** Adds its cause to a verdict that an earlier version stored. */
export const withMergeCause = withCause(({ kind, reason }): MergeCause | null => {
  if (kind !== 'merge') return null;
  if (reason === OLD_SIMPLER) return 'simpler';
  return String(reason).startsWith(OLD_KEPT) ? 'kept' : 'better';
});

/** Adds its cause to the state of a campaign that an earlier version stored. */
export const withPauseCause = withCause(({ phase, reason }): PauseCause | null =>
  phase === 'paused' && String(reason).startsWith(OLD_HELD) ? 'held' : null,
);

/** Works on what is stored before any schema has seen it. */
function withCause(causeOf: (old: Record<string, unknown>) => string | null) {
  return (stored: unknown): unknown =>
    typeof stored === 'object' && stored !== null && !('cause' in stored)
      ? { ...stored, cause: causeOf({ ...stored }) }
      : stored;
}
