import type { Repository } from './state.ts';

export interface Event {
  /** The webhook's name, such as `issues`. */
  name: string;
  /** null for what concerns an installation and no repository. */
  repository: Repository | null;
  /** Login of who caused it. */
  sender: string;
  /** The payload beyond repository, installation and sender, in GitHub's form. */
  payload: Record<string, unknown>;
}

export type EventSink = (event: Event) => void;
