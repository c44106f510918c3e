/** The commands people write in comments. One table gives the parser and the help text. */
import { durationSchema } from './contract.ts';
import { quote } from './quote.ts';
import { suggest } from './suggest.ts';

/** `/research 50` and its options; null means "as the contract says". */
export interface StartCommand {
  kind: 'start';
  experiments: number;
  parallel: number | null;
  budgetSeconds: number | null;
  agent: string | null;
  topic: string;
}
export type Command = StartCommand | { kind: 'status' | 'pause' | 'resume' | 'stop' | 'help' };
export type ParsedCommand = { kind: 'command'; command: Command } | { kind: 'mistake'; message: string };

const MAX_EXPERIMENTS = 10_000;

export const COMMANDS = [
  { usage: '/research 50', does: 'runs fifty experiments; on a campaign that exists, fifty more' },
  { usage: '/research 50 look into the schedule', does: 'the same, with a wish for the agent' },
  { usage: '/research status', does: 'says where the campaign stands' },
  { usage: '/research pause', does: 'starts nothing new; what is running is finished' },
  { usage: '/research resume', does: 'goes on after a pause' },
  { usage: '/research stop', does: 'ends the campaign and closes what is open' },
  { usage: '/research help', does: 'shows this' },
] as const;

export const FLAGS = [
  { name: '--parallel', value: 'N', does: 'trials in flight at once: the number of runners' },
  { name: '--budget', value: '5m', does: 'training time of one trial, such as 90s, 5m or 1h' },
  { name: '--agent', value: 'NAME', does: 'one of the agents of the contract' },
] as const;

const WORDS = ['status', 'pause', 'resume', 'stop', 'help'] as const;

/**
 * Reads the first line of a comment.
 * @returns null where the comment is none of our business; a mistake carries a sentence for its author.
 */
export function parseCommand(body: string): ParsedCommand | null {
  const line = body.split(/\r?\n/, 1)[0] ?? '';
  const match = /^\/research(?:\s+(.*))?$/.exec(line.trimEnd());
  if (!match) return null;
  const words = (match[1] ?? '').split(/\s+/).filter(word => word !== '');
  const first = words[0];
  if (first === undefined)
    return mistake('`/research` needs to know what to do, for example `/research 50`.');
  const word = WORDS.find(known => known === first.toLowerCase());
  if (word) {
    if (words.length > 1)
      return mistake(`\`/research ${word}\` takes nothing after it, found ${quote(words[1] ?? '', 40)}.`);
    return { kind: 'command', command: { kind: word } };
  }
  if (/^[+-]?\d+([.,]\d+)?$/.test(first)) return parseStart(first, words.slice(1));
  const near = suggest(first, WORDS);
  return mistake(
    `Expected a number of experiments or one of ${WORDS.join(', ')} after \`/research\`, found ${quote(first, 40)}.` +
      (near ? ` Did you mean \`/research ${near}\`?` : ' For example: `/research 50`.'),
  );
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

/** Sets one option; returns what is wrong with it, or null. */
function setFlag(start: StartCommand, name: string, value: string | undefined): string | null {
  const flag = FLAGS.find(known => known.name === name);
  if (!flag) {
    const near = suggest(
      name,
      FLAGS.map(known => known.name),
    );
    return `${quote(name, 40)} is not an option. ${near ? `Did you mean \`${near}\`?` : `There are ${FLAGS.map(known => `\`${known.name}\``).join(', ')}.`}`;
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
