/** Why an experiment was merged or a campaign paused, as a stored value that code can rely on. The reason next to it is only for people. */
import { z } from 'zod';

/** Why an experiment was merged: `simpler` is a tie with shorter code, `kept` a person's decision. */
export const mergeCauseSchema = z.enum(['better', 'simpler', 'kept']);
export type MergeCause = z.infer<typeof mergeCauseSchema>;

/** `held`: only held experiments are left. The campaign resumes by itself when they are decided. */
export const pauseCauseSchema = z.enum(['held']);
export type PauseCause = z.infer<typeof pauseCauseSchema>;

/** Reasons that earlier versions stored instead of a cause. They are on GitHub, so they must not change. */
const OLD_SIMPLER = 'As good as the champion, and shorter.';
const OLD_KEPT = 'Kept by ';
const OLD_HELD = 'Only people can decide what is left: ';

/** Adds the cause to a verdict stored by an earlier version. */
export const withMergeCause = withCause(({ kind, reason }): MergeCause | null => {
  if (kind !== 'merge') return null;
  if (reason === OLD_SIMPLER) return 'simpler';
  return String(reason).startsWith(OLD_KEPT) ? 'kept' : 'better';
});

/** Adds the cause to a campaign's state stored by an earlier version. */
export const withPauseCause = withCause(({ phase, reason }): PauseCause | null =>
  phase === 'paused' && String(reason).startsWith(OLD_HELD) ? 'held' : null,
);

/** The stored value has not been validated yet, so it can be anything. */
function withCause(causeOf: (old: Record<string, unknown>) => string | null) {
  return (stored: unknown): unknown =>
    typeof stored === 'object' && stored !== null && !('cause' in stored)
      ? { ...stored, cause: causeOf({ ...stored }) }
      : stored;
}
