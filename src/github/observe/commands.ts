/** Finds the commands that have not taken effect yet. */
import type { ParsedCommand } from '../../campaign/command.ts';
import { parseCommand } from '../../campaign/command-parser.ts';
import type { Campaign, Experiment, PendingCommand } from '../../campaign/model.ts';
import { KEPT_COMMANDS } from '../../campaign/people.ts';
import type { Comment, Pull } from '../port.ts';
import { replyKey } from '../replies.ts';
import type { Memory } from './memory.ts';
import { isDenied, type Told } from './permissions.ts';

/** A comment that is mended within this time is read as it is then. Later, it would be unclear which version its author meant. */
const EDIT_SECONDS = 60;

/** Commands in people's comments, in the order of the comments; who their authors are is looked up later. */
export function commandsIn(
  comments: readonly Comment[],
  botLogin: string,
  memory: Pick<Memory, 'commandTexts'>,
): PendingCommand[] {
  const before = memory.commandTexts;
  memory.commandTexts = new Map();
  return comments.flatMap(comment => {
    const { id, issue, author, body } = comment;
    if (!canCommand(comment, botLogin)) return [];
    const command = before.has(body) ? (before.get(body) ?? null) : commandIn(body, botLogin);
    memory.commandTexts.set(body, command);
    return command ? [{ comment: id, issue, author, permitted: false, command }] : [];
  });
}

/** The command in a comment; null if it has none, was edited late, or is not by a person. */
export function commandOf(comment: Comment, botLogin: string): ParsedCommand | null {
  return canCommand(comment, botLogin) ? commandIn(comment.body, botLogin) : null;
}

function canCommand({ author, createdAt, updatedAt }: Comment, botLogin: string): boolean {
  if (author === botLogin || author.endsWith('[bot]')) return false;
  return Date.parse(updatedAt) - Date.parse(createdAt) <= EDIT_SECONDS * 1000;
}

function commandIn(body: string, botLogin: string): ParsedCommand | null {
  return parseCommand(body, botLogin.replace(/\[bot\]$/, ''));
}

/** What shows whether a command has taken effect. */
interface Seen {
  comments: readonly Comment[];
  campaigns: readonly Campaign[];
  experiments: readonly Experiment[];
  pulls: ReadonlyMap<number, Pull>;
  botLogin: string;
  told: readonly Told[];
}

/** The commands that have not taken effect. */
export function pendingCommands(commands: readonly PendingCommand[], seen: Seen): PendingCommand[] {
  const named = namedCommands(seen);
  const isDropped = droppedCommands(seen);
  const isLost = commandsOfLostState(seen);
  return commands.filter(
    command =>
      !named.has(command.comment) && !isDropped(command) && !isLost(command) && !isDenied(command, seen.told),
  );
}

/** Ids of the commands that are in a marker or were answered. */
function namedCommands({ comments, campaigns, experiments, botLogin }: Seen): Set<number> {
  return new Set([
    ...campaigns.flatMap(({ state }) => state?.comments ?? []),
    ...experiments.flatMap(({ marker }) => marker.words.map(({ comment }) => comment)),
    ...comments.flatMap(({ author, body }) => (author === botLogin ? (replyKey(body) ?? []) : [])),
  ]);
}

/** Markers only keep the latest commands, so a command that is older than all in a marker was dropped from it. */
function droppedCommands({ campaigns, experiments }: Seen): (command: PendingCommand) => boolean {
  const oldestOnPull = new Map(
    experiments
      .filter(({ marker }) => marker.words.length >= KEPT_COMMANDS)
      .map(({ pull, marker }) => [pull, Math.min(...marker.words.map(({ comment }) => comment))]),
  );
  const oldestOfCampaign = new Map(
    campaigns.flatMap(({ issue, state }) => (state ? [[issue, Math.min(...state.comments)] as const] : [])),
  );
  // Commands on an experiment that has ended are in its campaign's marker.
  const campaignOf = (issue: number) =>
    experiments.find(({ pull, state }) => pull === issue && state !== 'open')?.marker.campaign ?? issue;
  return ({ comment, issue }) =>
    comment < (oldestOnPull.get(issue) ?? -Infinity) ||
    comment < (oldestOfCampaign.get(campaignOf(issue)) ?? -Infinity);
}

/** If a campaign's marker is lost, commands older than its newest pull request must have taken effect. */
function commandsOfLostState({
  comments,
  campaigns,
  pulls,
  botLogin,
}: Seen): (command: PendingCommand) => boolean {
  const known = new Set(campaigns.filter(({ state }) => state !== null).map(({ issue }) => issue));
  const times = new Map(comments.map(({ id, createdAt }) => [id, createdAt]));
  return ({ comment, issue }) =>
    !known.has(issue) &&
    [...pulls.values()].some(
      ({ author, branch, createdAt }) =>
        author === botLogin &&
        branch.startsWith(`research/${issue}/`) &&
        createdAt > (times.get(comment) ?? ''),
    );
}
