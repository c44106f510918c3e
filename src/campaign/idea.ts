/** An idea: edits to the editable files, with a hypothesis. And what it costs to have one. */
import { z } from 'zod';

/** Replaces `search`, which must occur exactly once in the file, with `replace`. */
const editSchema = z.strictObject({
  path: z.string(),
  search: z.string().min(1),
  replace: z.string(),
});
export type Edit = z.infer<typeof editSchema>;

/** Maximum length of an idea in a person's words, in characters. */
export const MAX_IDEA = 500;

export const ideaSchema = z.strictObject({
  /** One line, at most 80 characters, such as "warmdown 0.7 → 0.75". */
  title: z.string().min(1).max(80),
  hypothesis: z.string().max(2000),
  edits: z.array(editSchema).min(1).max(20),
});
export type Idea = z.infer<typeof ideaSchema>;

/** The cost of a proposal. `usd` is null if the price is unknown. */
export const costSchema = z.strictObject({
  calls: z.int().nonnegative(),
  inputTokens: z.int().nonnegative(),
  outputTokens: z.int().nonnegative(),
  usd: z.number().nonnegative().nullable(),
});
export type Cost = z.infer<typeof costSchema>;

export const NO_COST: Cost = { calls: 0, inputTokens: 0, outputTokens: 0, usd: 0 };

/** The sum of two costs. Its price is unknown if either price is. */
export function addCost(a: Cost, b: Cost): Cost {
  return {
    calls: a.calls + b.calls,
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    usd: a.usd === null || b.usd === null ? null : a.usd + b.usd,
  };
}
