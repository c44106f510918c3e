/** Replies to commands. */
import { COMMANDS, FLAGS } from '../campaign/command.ts';
import { type ContractProblem, describeProblem } from '../protocol/contract-file.ts';
import { escapeMarkdown, quote } from '../text/markdown.ts';

/** The help text, generated from the table that the parser uses. */
export function helpAnswer(): string {
  const listed = (wanted: (typeof COMMANDS)[number]['on'][]) =>
    COMMANDS.filter(({ on }) => wanted.includes(on)).map(({ usage, does }) => `- \`${usage}\` ${does}`);
  const flags = FLAGS.map(flag => `- \`${flag.name} ${flag.value}\` ${flag.does}`);
  return [
    'I turn ideas into pull requests, measure each one, and merge those that improve the metric.',
    'On an issue:',
    listed(['issue', 'both']).join('\n'),
    "On an experiment's pull request:",
    listed(['pull', 'both']).join('\n'),
    'Options for `/research N`:',
    flags.join('\n'),
    'Start a line of a comment with the command. Commands need write permission on this repository.',
  ].join('\n\n');
}

export function noPermissionAnswer(authors: readonly string[]): string {
  const names = new Intl.ListFormat('en').format(authors.map(author => escapeMarkdown(author)));
  return `Sorry, ${names}: commands need write permission on this repository, because campaigns use machine time and move the base branch. Someone with write permission can comment the same command here.`;
}

export function noCampaignAnswer(): string {
  return 'There is no campaign on this issue yet. Start one with `/research 50`.';
}

export function onPullAnswer(campaign: number): string {
  return `This pull request is a single experiment and takes \`/research keep\`, \`discard\` and \`rerun\`. Comment commands for the whole campaign on #${campaign}.`;
}

export function onIssueAnswer(word: string): string {
  return `\`/research ${word}\` applies to a single experiment. Comment it on that experiment's pull request.`;
}

export function unreadableAnswer(): string {
  return "The hidden marker in this pull request's description is missing or unreadable, so the experiment cannot be identified. Restore an earlier version of the description from its edit history, then comment the command again.";
}

export function mistakeAnswer(message: string): string {
  return `${message}\n\n\`/research help\` lists all commands.`;
}

/** Refuses to start a campaign. Each reason says what to do about it. */
export function refusalAnswer(reasons: readonly string[]): string {
  return `The campaign cannot start yet:\n\n${reasons.map(reason => `- ${reason}`).join('\n')}\n\nFix this, then comment the command again.`;
}

export function contractProblemsAnswer(problems: readonly ContractProblem[]): string {
  return problems.map(problem => quote(describeProblem(problem), 300)).join('\n- ');
}

/** Links to GitHub's new-file page with the content filled in. */
export function missingFileReason(
  serverUrl: string,
  repository: { owner: string; name: string },
  branch: string,
  path: string,
  content: string,
): string {
  const link = `${serverUrl}/${repository.owner}/${repository.name}/new/${branch}?filename=${encodeURIComponent(path)}&value=${encodeURIComponent(content)}`;
  return `There is no \`${path}\` on \`${branch}\`. Run \`npm run autoresearch -- init PATH\` in the bot's clone, or [create the file on GitHub](${link}) from a template.`;
}
