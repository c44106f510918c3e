/** The interface of agents, which propose ideas: a language model, the built-in explorer, or a script in a test. */
import type { Cost, Edit, Idea } from '../campaign/idea.ts';

/** One past experiment as the agent sees it. */
export interface LedgerLine {
  number: number;
  title: string;
  hypothesis: string;
  edits: Edit[];
  status: 'merged' | 'closed' | 'crash' | 'running';
  /** Mean of its measured trials; null if nothing was measured. */
  value: number | null;
  /** The champion's mean at the verdict; null if unknown. */
  championValue: number | null;
  /** The end of a crash's traceback, or one line of explanation. */
  note: string;
}

export interface ProposalRequest {
  /** Number of the experiment that the idea is for. */
  number: number;
  brief: string;
  metric: { name: string; goal: 'minimize' | 'maximize' };
  /** Numbers that an idea must not worsen beyond a limit, one phrase each: `peak_vram_mb at most 1618`. */
  guards: readonly string[];
  budgetSeconds: number;
  /** The champion's editable files: path to text. */
  files: ReadonlyMap<string, string>;
  championValue: number | null;
  ledger: readonly LedgerLine[];
  /** The topic given by the person who started the campaign; empty if there is none. */
  topic: string;
  /** An idea requested by a person, to be turned into the experiment; null if the agent should propose its own. */
  wish: string | null;
  /**
   * An earlier idea that needs new edits for these files, because the old ones no longer apply (`port`) or because it crashed (`repair`).
   * `problem` says how. Null for a new idea.
   */
  again: { kind: 'port' | 'repair'; idea: Idea; problem: string } | null;
  /** What is wrong with an idea apart from its edits, such as a tree that has been measured already; null if nothing is. */
  objection(idea: Idea, files: ReadonlyMap<string, string>): Promise<string | null>;
}

export type Proposal =
  /** `files` holds the new text of every changed file. */
  | { kind: 'idea'; idea: Idea; files: ReadonlyMap<string, string>; cost: Cost }
  | { kind: 'failed'; reason: string; cost: Cost }
  /** The agent has no idea left that it has not tried. */
  | { kind: 'exhausted'; cost: Cost };

export interface Agent {
  readonly name: string;
  /** Why it cannot turn a requested idea into an experiment on these files, as a sentence for the person; null if it can. */
  objectsTo?(wish: string, files: ReadonlyMap<string, string>): string | null;
  /** What it can change in these files, as a sentence for people, if it knows that without thinking. `any`: whether there is anything. */
  survey?(files: ReadonlyMap<string, string>): { any: boolean; text: string };
  /** Errors of a model or the network are a failed proposal and never thrown. Throws if aborted before anything was spent. */
  propose(request: ProposalRequest, signal: AbortSignal): Promise<Proposal>;
}
