/** Which commands still have to take effect. */
import { parseCommand } from '../../campaign/command.ts';
import type { Campaign, Experiment, PendingCommand } from '../../campaign/model.ts';
import { KEPT_WORDS } from '../../campaign/people.ts';
import type { Comment, Pull } from '../port.ts';
import { replyKey } from '../replies.ts';

/** Commands that people wrote, oldest first. An edited comment is none: its author should write a new one. */
export function commandsIn(comments: readonly Comment[], botLogin: string): PendingCommand[] {
  return comments.flatMap(comment => {
    if (
      comment.author === botLogin ||
      comment.author.endsWith('[bot]') ||
      comment.updatedAt !== comment.createdAt
    )
      return [];
    const command = parseCommand(comment.body);
    return command ? [{ comment: comment.id, issue: comment.issue, author: comment.author, command }] : [];
  });
}

/**
 * A command took effect when the marker of a campaign or an experiment holds its id, or an answer to it exists. Where the marker is gone, what
 * was asked for before the newest pull request is known to have taken effect by that; where a new one was begun, what
 * was asked for before the first command that it holds.
 */
export function pending(
  commands: readonly PendingCommand[],
  comments: readonly Comment[],
  campaigns: readonly Campaign[],
  experiments: readonly Experiment[],
  pulls: ReadonlyMap<number, Pull>,
  botLogin: string,
): PendingCommand[] {
  const done = new Set([
    ...campaigns.flatMap(campaign => campaign.state?.comments ?? []),
    ...experiments.flatMap(({ marker }) => marker.words.map(({ comment }) => comment)),
  ]);
  const wordsBegin = new Map(
    experiments
      .filter(({ marker }) => marker.words.length >= KEPT_WORDS)
      .map(({ pull, marker }) => [pull, Math.min(...marker.words.map(({ comment }) => comment))]),
  );
  for (const comment of comments) {
    const answered = comment.author === botLogin ? replyKey(comment.body) : null;
    if (answered !== null) done.add(answered);
  }
  const begun = new Map(
    campaigns.flatMap(({ issue, state }) => (state ? [[issue, Math.min(...state.comments)] as const] : [])),
  );
  const times = new Map(comments.map(({ id, createdAt }) => [id, createdAt]));
  // What is asked for on an experiment that has ended stands in its campaign's marker.
  const campaignOf = (issue: number) =>
    experiments.find(({ pull, state }) => pull === issue && state !== 'open')?.marker.campaign ?? issue;
  const tookEffect = ({ comment, issue }: PendingCommand) =>
    // Of many words on one experiment the marker keeps the last.
    comment < (wordsBegin.get(issue) ?? 0) ||
    comment < (begun.get(campaignOf(issue)) ?? 0) ||
    (!begun.has(issue) &&
      [...pulls.values()].some(
        ({ author, branch, createdAt }) =>
          author === botLogin &&
          branch.startsWith(`research/${issue}/`) &&
          createdAt > (times.get(comment) ?? ''),
      ));
  return commands.filter(command => !done.has(command.comment) && !tookEffect(command));
}
