/** Comments that tell people without permission, several at once, that their commands are not carried out. */
import { z } from 'zod';
import type { PendingCommand } from '../campaign/model.ts';
import { noPermissionAnswer } from '../render/answer.ts';
import { readMarker, writeMarker } from './marker.ts';
import type { GitHubPort } from './port.ts';

const denialSchema = z.strictObject({ authors: z.array(z.string()), until: z.int() });

/** Whose commands up to which comment a denial is about; null for any other comment. */
export function denialIn(body: string): z.infer<typeof denialSchema> | null {
  return readMarker('denial', body, denialSchema);
}

/** One comment for all of these commands, which are on one issue. */
export async function deny(
  port: GitHubPort,
  issue: number,
  commands: readonly PendingCommand[],
): Promise<void> {
  const authors = [...new Set(commands.map(({ author }) => author))];
  for (const author of authors) {
    const last = commands.findLast(command => command.author === author);
    if (last) await port.react(last.comment, 'confused');
  }
  const until = Math.max(...commands.map(({ comment }) => comment));
  await port.createComment(
    issue,
    `${noPermissionAnswer(authors)}\n\n${writeMarker('denial', { authors, until })}`,
  );
}
