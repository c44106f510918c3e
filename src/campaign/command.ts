/** The commands people write in comments. One table gives the parser and the help text. */
import { durationSchema } from '../protocol/duration.ts';
import { suggest } from '../protocol/suggest.ts';
import { visible } from '../protocol/visible.ts';
import { quote } from '../text/markdown.ts';
import { MAX_IDEA } from './idea.ts';

/** `/research 50` and its options; null means "as the contract says". */
export interface StartCommand {
  kind: 'start';
  experiments: number;
  parallel: number | null;
  budgetSeconds: number | null;
  agent: string | null;
  topic: string;
}
/** Commands for one experiment, commented on its pull request. */
export type ExperimentCommand = 'keep' | 'discard' | 'rerun';
export type Command =
  | StartCommand
  | { kind: 'try'; idea: string }
  | { kind: 'status' | 'pause' | 'resume' | 'stop' | 'help' | ExperimentCommand };
export type ParsedCommand = { kind: 'command'; command: Command } | { kind: 'mistake'; message: string };

const MAX_EXPERIMENTS = 10_000;

/** Every command: its name (null for a number of experiments), and whether it belongs on an issue or on a pull request. */
export const COMMANDS = [
  {
    name: null,
    on: 'issue',
    usage: '/research 50',
    does: 'starts a campaign of 50 experiments; on an existing campaign, adds 50',
  },
  {
    name: null,
    on: 'issue',
    usage: '/research 50 look into the schedule',
    does: 'the same, with a hint for the agent',
  },
  {
    name: 'try',
    on: 'issue',
    usage: '/research try IDEA',
    does: 'tries your idea next, as one more experiment',
  },
  { name: 'status', on: 'issue', usage: '/research status', does: 'shows the state of the campaign' },
  {
    name: 'pause',
    on: 'issue',
    usage: '/research pause',
    does: 'starts nothing new; running trials finish',
  },
  { name: 'resume', on: 'issue', usage: '/research resume', does: 'resumes a paused campaign' },
  {
    name: 'stop',
    on: 'issue',
    usage: '/research stop',
    does: 'ends the campaign, cancels running trials and closes open experiments',
  },
  { name: 'help', on: 'both', usage: '/research help', does: 'shows this help' },
  {
    name: 'keep',
    on: 'pull',
    usage: '/research keep',
    does: 'merges the experiment once it has been measured on the current champion, whatever the gate decides',
  },
  { name: 'discard', on: 'pull', usage: '/research discard', does: 'closes the experiment' },
  {
    name: 'rerun',
    on: 'pull',
    usage: '/research rerun',
    does: 'runs one more trial; on a closed experiment, opens a new one with the same edits',
  },
] as const;

export const FLAGS = [
  { name: '--parallel', value: 'N', does: 'trials in parallel: the number of runners' },
  { name: '--budget', value: '5m', does: 'training time per trial, such as 90s, 5m or 1h' },
  { name: '--agent', value: 'NAME', does: 'one of the agents in the contract' },
] as const;

const NAMES = COMMANDS.flatMap(({ name }) => name ?? []);

/**
 * Reads the first line of a comment.
 * @returns null if the comment is not a command; a mistake carries a message for its author.
 */
export function parseCommand(body: string): ParsedCommand | null {
  const line = body.split(/\r?\n/, 1)[0] ?? '';
  const [prefix, ...words] = visible(line).trimEnd().split(/\s+/);
  if (prefix !== '/research') return null;
  const first = words[0];
  if (first === undefined)
    return mistake('`/research` needs a command or a number of experiments, for example `/research 50`.');
  const name = NAMES.find(known => known === first.toLowerCase());
  if (name === 'try') return parseTry(words.slice(1).join(' '));
  if (name) {
    if (words.length > 1)
      return mistake(`\`/research ${name}\` takes no arguments, found ${quote(words[1] ?? '', 40)}.`);
    return { kind: 'command', command: { kind: name } };
  }
  if (/^[+-]?\d+([.,]\d+)?$/.test(first)) return parseStart(first, words.slice(1));
  const near = suggest(first, NAMES);
  return mistake(
    `Expected a number of experiments or one of ${NAMES.join(', ')} after \`/research\`, found ${quote(first, 40)}.` +
      (near ? ` Did you mean \`/research ${near}\`?` : ' For example: `/research 50`.'),
  );
}

function parseTry(idea: string): ParsedCommand {
  if (idea === '')
    return mistake('`/research try` needs an idea, for example `/research try WEIGHT_DECAY = 0.1`.');
  if (idea.length > MAX_IDEA)
    return mistake(
      `\`/research try\` takes an idea of at most ${MAX_IDEA} characters, found ${idea.length}.`,
    );
  return { kind: 'command', command: { kind: 'try', idea } };
}

function parseStart(count: string, rest: readonly string[]): ParsedCommand {
  const experiments = Number(count);
  if (!Number.isInteger(experiments) || experiments < 1 || experiments > MAX_EXPERIMENTS)
    return mistake(
      `Expected a whole number of experiments from 1 to ${MAX_EXPERIMENTS}, found ${quote(count, 40)}.`,
    );
  const start: StartCommand = {
    kind: 'start',
    experiments,
    parallel: null,
    budgetSeconds: null,
    agent: null,
    topic: '',
  };
  const topic: string[] = [];
  for (let i = 0; i < rest.length; i++) {
    const word = rest[i] ?? '';
    if (!word.startsWith('--')) {
      topic.push(word);
      continue;
    }
    const [name = '', inline] = word.split('=', 2);
    const value = inline ?? rest[++i];
    const problem = setFlag(start, name, value);
    if (problem) return mistake(problem);
  }
  start.topic = topic.join(' ').slice(0, 500);
  return { kind: 'command', command: start };
}

/** Sets one option. Returns an error message, or null if the option is valid. */
function setFlag(start: StartCommand, name: string, value: string | undefined): string | null {
  const flag = FLAGS.find(known => known.name === name);
  if (!flag) {
    const near = suggest(
      name,
      FLAGS.map(known => known.name),
    );
    return `${quote(name, 40)} is not an option. ${near ? `Did you mean \`${near}\`?` : `Options: ${FLAGS.map(known => `\`${known.name}\``).join(', ')}.`}`;
  }
  if (value === undefined || value.startsWith('--'))
    return `\`${flag.name}\` needs a value, for example \`${flag.name} ${flag.value === 'N' ? '4' : flag.value}\`.`;
  switch (flag.name) {
    case '--parallel':
      start.parallel = Number(value);
      return Number.isInteger(start.parallel) && start.parallel >= 1 && start.parallel <= 64
        ? null
        : `\`--parallel\` expects a whole number from 1 to 64, found ${quote(value, 40)}.`;
    case '--budget': {
      const seconds = durationSchema.safeParse(value);
      if (!seconds.success)
        return `\`--budget\` expects a duration such as 90s, 5m or 1h, at most 24h, found ${quote(value, 40)}.`;
      start.budgetSeconds = seconds.data;
      return null;
    }
    case '--agent':
      start.agent = value;
      return null;
  }
}

function mistake(message: string): ParsedCommand {
  return { kind: 'mistake', message };
}
