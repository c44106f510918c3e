/** Comments that are written once: replies to commands, verdicts, notices. A hidden marker identifies each. */
import { z } from 'zod';
import type { PendingCommand } from '../campaign/model.ts';
import type { Context } from './context.ts';
import { readMarker, writeMarker } from './marker.ts';
import type { Comment, GitHubPort } from './port.ts';

const replySchema = z.strictObject({ comment: z.int() });
const keySchema = z.strictObject({ key: z.string() });

/** Id of the comment that this one replies to, or null. */
export function replyKey(body: string): number | null {
  return readMarker('reply', body, replySchema)?.comment ?? null;
}

/** Key of the notice or verdict in this comment, or null. */
export function noticeKey(body: string): string | null {
  return readMarker('notice', body, keySchema)?.key ?? null;
}

/** Replies to a comment. The marker prevents the command from being carried out again. */
export async function reply(
  port: GitHubPort,
  issue: number,
  comment: number,
  text: string,
): Promise<Comment> {
  return port.createComment(issue, `${text}\n\n${writeMarker('reply', { comment })}`);
}

/** Refuses a command; `text` says what to do instead. */
export async function refuse(
  { port }: Pick<Context, 'port'>,
  pending: PendingCommand,
  text: string,
): Promise<void> {
  await port.react(pending.comment, 'confused');
  await reply(port, pending.issue, pending.comment, text);
}

/** Comments once for each key on an issue or pull request, and updates the comment if the text has changed. */
export async function commentOnce(port: GitHubPort, issue: number, key: string, text: string): Promise<void> {
  const body = `${text}\n\n${writeMarker('notice', { key })}`;
  const said = await port.findComment(
    issue,
    comment => comment.author === port.botLogin && noticeKey(comment.body) === key,
  );
  if (!said) await port.createComment(issue, body);
  else if (said.body !== body) await port.updateComment(said.id, body);
}
