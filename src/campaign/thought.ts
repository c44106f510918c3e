/** What an agent is asked for: a new idea, or new edits for an existing one, on another champion (`port`) or after a crash (`repair`). */
export type Task =
  /** `number`: the experiment that it will probably become, which no other thought is about. */
  | { kind: 'idea'; number: number }
  /** Edits for the idea in a person's comment. */
  | { kind: 'try'; number: number; comment: number }
  /** `commit`: the candidate whose edits no longer apply, or that crashed. */
  | { kind: 'port' | 'repair'; pull: number; commit: string };

/** A request to an agent, and its answer. Only in memory: after a restart the plan asks again. */
export interface Thought {
  id: number;
  campaign: number;
  task: Task;
  /** `failed`: the agent did not come up with a valid answer. `exhausted`: it has no ideas left. */
  state: 'thinking' | 'idea' | 'failed' | 'exhausted';
}
