/** What was found about a guarded number of an experiment, as stored with its verdict. */
import { z } from 'zod';

export const guardFindingSchema = z.strictObject({
  name: z.string(),
  side: z.enum(['at_most', 'at_least']),
  /** As in the contract: `1.1x` or `0.92`. */
  bound: z.string(),
  /** `missing`: a trial has no such number. */
  kind: z.enum(['kept', 'unsure', 'broken', 'missing']),
  /** Mean over the idea's trials that have the number, and how many have it. */
  value: z.number().nullable(),
  trials: z.int().nonnegative(),
  /** How far it could go; null if it could not be compared. */
  limit: z.number().nullable(),
  /** Mean over the trials of the champion that relative limits refer to. */
  reference: z.number().nullable(),
  /** Standard deviation of one trial, if it is known. */
  noise: z.number().nullable(),
});

export type GuardFinding = z.infer<typeof guardFindingSchema>;

/** Whether what was found keeps an idea from being merged. */
export function isBreach({ kind }: GuardFinding): boolean {
  return kind === 'broken' || kind === 'missing';
}

/** Whether an experiment with this verdict broke a guard, whatever else was decided. */
export function brokeGuard({ guards = [] }: { guards?: readonly GuardFinding[] | undefined }): boolean {
  return guards.some(isBreach);
}
