/** A new idea; or all edits of an old one anew, for another champion (`port`) or because it crashed (`repair`). */
export type Task =
  /** `number` is the experiment that it will probably become: the next one that nobody else thinks about. */
  | { kind: 'idea'; number: number }
  /** The idea of a person, in the comment of that id, made into an experiment. */
  | { kind: 'try'; number: number; comment: number }
  /** `commit`: the candidate that no longer fits or that crashed. */
  | { kind: 'port' | 'repair'; pull: number; commit: string };

/** Lost when the App ends: the plan then asks again. */
export interface Thought {
  id: number;
  campaign: number;
  task: Task;
  /** `failed`: the agent has no answer; `exhausted`: it will not have one. */
  state: 'thinking' | 'idea' | 'failed' | 'exhausted';
}
