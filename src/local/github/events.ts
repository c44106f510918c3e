/** What happened, as webhooks tell it. */
import { presentAccount } from './present/account.ts';
import { presentRepository } from './present/repository.ts';
import type { Repository } from './state.ts';
import { findInstallation, type World } from './world.ts';

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

/** The webhook's body. It is written down when the event happens, because its subject goes on changing. */
export function payloadOf(world: World, event: Event): string {
  const sender = presentAccount(world, event.sender);
  if (event.repository === null) return JSON.stringify({ ...event.payload, sender });
  const installation = findInstallation(world, event.repository.owner);
  return JSON.stringify({
    ...event.payload,
    repository: presentRepository(world, event.repository),
    sender,
    ...(installation && { installation: { id: installation.id, node_id: String(installation.id) } }),
  });
}
