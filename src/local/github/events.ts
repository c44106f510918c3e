/** What happened, as webhooks tell it. */

import type { Event } from './event.ts';
import { presentAccount } from './present/account.ts';
import { presentRepository } from './present/repository.ts';
import { findInstallation, type World } from './world.ts';

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
