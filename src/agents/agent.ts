/** What proposes ideas: a language model, the built-in explorer, or a script in a test. */
import type { Cost, Edit, Idea } from '../campaign/idea.ts';

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
  /** A person's idea, to be made into the experiment; null where the agent is to have one of its own. */
  wish: string | null;
  /**
   * An idea to make work again, with all its edits anew on these files: it no longer fits them (`port`), or it crashed (`repair`), as
   * `problem` says. Null for a new idea.
   */
  again: { kind: 'port' | 'repair'; idea: Idea; problem: string } | null;
  /** Says what is wrong with an idea beyond its edits (a tree that was already measured, say); null when nothing is. */
  objection(idea: Idea, files: ReadonlyMap<string, string>): Promise<string | null>;
}

export type Proposal =
  /** `files` holds the new text of every changed file. */
  | { kind: 'idea'; idea: Idea; files: ReadonlyMap<string, string>; cost: Cost }
  | { kind: 'failed'; reason: string; cost: Cost }
  /** The agent cannot think of anything it has not tried. */
  | { kind: 'exhausted'; cost: Cost };

export interface Agent {
  readonly name: string;
  /** Why it cannot make a person's idea into an experiment on these files, in a sentence for the person; null where it can. */
  objectsTo?(wish: string, files: ReadonlyMap<string, string>): string | null;
  /** Never throws for what a model or a network does wrong: that is a failed proposal. Throws when aborted before anything was spent. */
  propose(request: ProposalRequest, signal: AbortSignal): Promise<Proposal>;
}
