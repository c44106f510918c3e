/** What proposes ideas: a language model, the built-in explorer, or a script in a test. */
import { z } from 'zod';

/** Replace `search` (it must occur exactly once in the file) by `replace`. */
export const editSchema = z.strictObject({
  path: z.string(),
  search: z.string().min(1),
  replace: z.string(),
});
export type Edit = z.infer<typeof editSchema>;

export const ideaSchema = z.strictObject({
  /** One line, at most 80 characters, such as "warmdown 0.7 → 0.75". */
  title: z.string().min(1).max(80),
  hypothesis: z.string().max(2000),
  edits: z.array(editSchema).min(1).max(20),
});
export type Idea = z.infer<typeof ideaSchema>;

/** One past experiment as the agent sees it. */
export interface LedgerLine {
  number: number;
  title: string;
  hypothesis: string;
  edits: Edit[];
  status: 'merged' | 'closed' | 'crash' | 'running';
  /** Mean of its measured trials; null where nothing was measured. */
  value: number | null;
  /** Champion's mean when it was judged; null where unknown. */
  championValue: number | null;
  /** The end of a crash's traceback, or a line of explanation. */
  note: string;
}

export interface ProposalRequest {
  /** Number of the experiment that the idea is for. */
  number: number;
  brief: string;
  metric: { name: string; goal: 'minimize' | 'maximize' };
  budgetSeconds: number;
  /** Editable files of the champion: path to text. */
  files: ReadonlyMap<string, string>;
  championValue: number | null;
  ledger: readonly LedgerLine[];
  /** What the person who started the campaign asked to look into; empty for none. */
  topic: string;
  /** Says what is wrong with an idea beyond its edits (a tree that was already measured, say); null when nothing is. */
  objection(idea: Idea, files: ReadonlyMap<string, string>): Promise<string | null>;
}

/** What a proposal cost. `usd` is null where the price is unknown. */
export interface Cost {
  calls: number;
  inputTokens: number;
  outputTokens: number;
  usd: number | null;
}

export type Proposal =
  /** `files` holds the new text of every changed file. */
  | { kind: 'idea'; idea: Idea; files: ReadonlyMap<string, string>; cost: Cost }
  | { kind: 'failed'; reason: string; cost: Cost }
  /** The agent cannot think of anything it has not tried. */
  | { kind: 'exhausted'; cost: Cost };

export interface Agent {
  readonly name: string;
  /** Never throws for what a model or a network does wrong: that is a failed proposal. Throws when aborted. */
  propose(request: ProposalRequest, signal: AbortSignal): Promise<Proposal>;
}

export const NO_COST: Cost = { calls: 0, inputTokens: 0, outputTokens: 0, usd: 0 };
