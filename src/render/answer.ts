/** Answers to commands. */
import { COMMANDS, FLAGS } from '../campaign/command.ts';
import { type ContractProblem, describeProblem } from '../protocol/contract-file.ts';
import { quote } from '../text/markdown.ts';

/** The help text, from the same table as the parser. */
export function helpAnswer(): string {
  const listed = (wanted: (typeof COMMANDS)[number]['on'][]) =>
    COMMANDS.filter(({ on }) => wanted.includes(on)).map(({ usage, does }) => `- \`${usage}\` ${does}`);
  const flags = FLAGS.map(flag => `- \`${flag.name} ${flag.value}\` ${flag.does}`);
  return [
    'I turn ideas into pull requests, measure each one, and merge what truly made the metric better.',
    'On a campaign’s issue:',
    listed(['issue', 'both']).join('\n'),
    'On an experiment’s pull request:',
    listed(['pull', 'both']).join('\n'),
    'Options of `/research N`:',
    flags.join('\n'),
    'Commands stand on the first line of a comment and need write permission.',
  ].join('\n\n');
}

export function noPermissionAnswer(author: string): string {
  return `Thank you, ${author}. Campaigns spend machine time and move the base branch, so they need write permission on this repository. Someone who has it can comment the same here.`;
}

export function noCampaignAnswer(): string {
  return 'There is no campaign on this issue yet. Start one with `/research 50`.';
}

export function onPullAnswer(campaign: number): string {
  return `This is an experiment: it can be kept, discarded or run again. Commands for its campaign belong on #${campaign}.`;
}

export function onIssueAnswer(word: string): string {
  return `\`/research ${word}\` is about one experiment: comment it on that experiment’s pull request.`;
}

export function unreadableAnswer(): string {
  return 'The hidden part of the description of this pull request is gone, so I do not know what it is. Put an earlier version of the description back, then comment the command again.';
}

export function mistakeAnswer(message: string): string {
  return `${message}\n\n\`/research help\` lists the commands.`;
}

/** Why a campaign cannot start, each with what to do. */
export function refusalAnswer(reasons: readonly string[]): string {
  return `I cannot start yet:\n\n${reasons.map(reason => `- ${reason}`).join('\n')}\n\nWhen that is mended, comment the command again.`;
}

export function contractProblemsAnswer(problems: readonly ContractProblem[]): string {
  return problems.map(problem => quote(describeProblem(problem), 300)).join('\n- ');
}

/** Links GitHub's new-file page, filled in. */
export function missingFileReason(
  serverUrl: string,
  repository: { owner: string; name: string },
  branch: string,
  path: string,
  content: string,
): string {
  const link = `${serverUrl}/${repository.owner}/${repository.name}/new/${branch}?filename=${encodeURIComponent(path)}&value=${encodeURIComponent(content)}`;
  return `There is no \`${path}\` on \`${branch}\`. Run \`autoresearch init\` in a clone, or [create it here](${link}) from a filled-in page.`;
}
