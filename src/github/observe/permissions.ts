/** Who may give commands, and who was told lately that they may not. */
import type { PendingCommand } from '../../campaign/model.ts';
import { denialIn } from '../denials.ts';
import type { Comment, GitHubPort } from '../port.ts';

/** Authors that are looked up at each look, so that a crowd of strangers cannot use up the requests. */
const MOST_LOOKUPS = 20;
/** Somebody without permission is told once in this time. */
const TELL_SECONDS = 3600;

/** A comment that told people that they may not give commands. */
export interface Told {
  comment: number;
  issue: number;
  at: string;
  /** They may not, as to commands on this issue up to comment `until`. */
  authors: string[];
  until: number;
}

/** The App's own comments of that kind among `comments`, and the earlier ones that still count. */
export function toldIn(
  comments: readonly Comment[],
  botLogin: string,
  before: readonly Told[],
  now: Date,
): Told[] {
  const told = new Map(before.map(each => [each.comment, each]));
  for (const { id, issue, author, body, createdAt } of comments) {
    const denial = author === botLogin ? denialIn(body) : null;
    if (denial) told.set(id, { comment: id, issue, at: createdAt, ...denial });
  }
  const isListed = new Set(comments.map(({ id }) => id));
  return [...told.values()].filter(({ comment, at }) => isListed.has(comment) || isRecent(at, now));
}

/** Whether a command was answered by a denial. */
export function isDenied({ author, issue, comment }: PendingCommand, told: readonly Told[]): boolean {
  return told.some(each => each.issue === issue && comment <= each.until && each.authors.includes(author));
}

/** What is pending: `commands` are due now, those of `later` authors have to be looked up first. */
interface Due {
  commands: PendingCommand[];
  later: PendingCommand[];
}

/** Looks up what the authors of commands may do. The commands of strangers who were told within the hour are dropped. */
export async function withPermissions(
  port: GitHubPort,
  pending: readonly PendingCommand[],
  told: readonly Told[],
  now: Date,
): Promise<Due> {
  const authors = [...new Set(pending.map(({ author }) => author))].slice(0, MOST_LOOKUPS);
  const allowed = new Map(
    await Promise.all(authors.map(async author => [author, await mayCommand(port, author)] as const)),
  );
  const lately = new Set(told.filter(({ at }) => isRecent(at, now)).flatMap(each => each.authors));
  const known = pending.map(command => ({ ...command, permitted: allowed.get(command.author) ?? false }));
  return {
    commands: known.filter(
      ({ author, permitted }) => permitted || (allowed.has(author) && !lately.has(author)),
    ),
    later: pending.filter(({ author }) => !allowed.has(author)),
  };
}

/** Asks again before somebody counts as unknown: now and then GitHub answers 404 for what exists. */
async function mayCommand(port: GitHubPort, author: string): Promise<boolean> {
  const first = await port.permission(author);
  const level = first === 'none' ? await port.permission(author) : first;
  return level === 'admin' || level === 'write';
}

function isRecent(at: string, now: Date): boolean {
  return now.getTime() - Date.parse(at) < TELL_SECONDS * 1000;
}
