/** What a webhook asks of the App. It carries no decision: it wakes a loop, or makes the App look for installations. */
import { z } from 'zod';
import type { Place } from './places.ts';

export type Wake = { kind: 'look'; place: Place } | { kind: 'discover' };

/** The webhooks that wake a repository's loop, with the actions that do; null: every delivery does. */
const LOOKS = new Map<string, readonly string[] | null>([
  ['issue_comment', ['created', 'edited']],
  ['issues', ['opened', 'closed', 'reopened']],
  ['pull_request', ['closed', 'reopened', 'synchronize']],
  ['push', null],
  ['workflow_run', ['completed', 'in_progress']],
]);
const INSTALLATIONS = ['installation', 'installation_repositories'];

const payloadSchema = z.object({
  action: z.string().optional(),
  repository: z.object({ id: z.int(), name: z.string(), owner: z.object({ login: z.string() }) }),
  installation: z.object({ id: z.int() }),
  sender: z.object({ type: z.string() }).optional(),
});

/** Null for what the App has no use for: other events, other actions, payloads without a repository or an installation. */
export function wakeOf(event: string, payload: object): Wake | null {
  if (INSTALLATIONS.includes(event)) return { kind: 'discover' };
  const actions = LOOKS.get(event);
  const parsed = payloadSchema.safeParse(payload);
  if (actions === undefined || !parsed.success) return null;
  const { action, repository, installation, sender } = parsed.data;
  if (actions !== null && !actions.includes(action ?? '')) return null;
  // Its own status comment is edited all the time, which is no news.
  if (event === 'issue_comment' && action === 'edited' && sender?.type === 'Bot') return null;
  const { id, name, owner } = repository;
  return {
    kind: 'look',
    place: { id, repository: { owner: owner.login, name }, installation: installation.id },
  };
}
