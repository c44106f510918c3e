/** Reads the command in a comment. What has one meaning is read; anything else that is meant for the bot is answered. */
import { suggest } from '../protocol/suggest.ts';
import { quote } from '../text/markdown.ts';
import { addressedIn, isPolite, plainWord, wordsOf } from './addressed.ts';
import { COMMAND_NAMES, type Command, type ParsedCommand } from './command.ts';
import { parseOptions } from './command-options.ts';
import { commentLines, type Line } from './comment-lines.ts';
import { MAX_IDEA } from './idea.ts';

const MAX_EXPERIMENTS = 10_000;
/** Nobody gives a command further down, and anybody may write long comments. */
const MOST_CHARACTERS = 16_000;
/** Thousands grouped by a comma or an apostrophe. A point could also begin a fraction. */
const GROUPED = /^\d{1,3}(?:[,'’_]\d{3}){1,3}$/;

/**
 * Reads a comment's command: the line that starts with `/research`, and the lines after it.
 * @param bot the name by which people mention the App
 * @returns null if the comment is not for the bot; a mistake carries a message for its author
 */
export function parseCommand(body: string, bot: string): ParsedCommand | null {
  const lines = commentLines(body.slice(0, MOST_CHARACTERS));
  const found = lines.flatMap((line, at) => {
    const addressed = line.kind === 'said' ? addressedIn(line.text, bot) : null;
    return addressed ? [{ ...addressed, at }] : [];
  });
  const plain = found.filter(({ how }) => how === 'plain');
  if (plain.length > 1) return severalCommands(plain.length);
  // Where several are named in lists or in passing, they are talked about.
  const [chosen] = plain.length > 0 || found.length === 1 ? [...plain, ...found] : [];
  if (!chosen) return found.length > 0 ? null : codeAlone(lines, bot);
  const { how, words, at } = chosen;
  if (how === 'marked' && lines.some((line, i) => i !== at && saysSomething(line)))
    return mistake(`A command starts its line, without a bullet or other marks. ${whatToType(words)}`);
  if (how === 'buried') return mistake(`A command starts its line. ${whatToType(words)}`);
  if (how === 'misspelt')
    return mistake(
      `Commands start with \`/research\`, found ${quote(wordsOf(lines[at]?.text ?? '')[0] ?? '', 40)}. ${whatToType(words)}`,
    );
  if (how === 'mentioned')
    return mistake(`Expected a command, found ${quote(words.join(' '), 80)}. ${whatToType(words)}`);
  if (words.some((word, i) => i > 0 && addressedIn(word, bot)?.how === 'plain')) return severalCommands(2);
  return parseWords([...words, ...wishBelow(lines.slice(at + 1))]);
}

/** Whether a line has words of the author beside greetings. */
function saysSomething({ kind, text }: Line): boolean {
  return kind === 'said' && !wordsOf(text).every(isPolite);
}

/** A comment that consists of a command in a code block. */
function codeAlone(lines: readonly Line[], bot: string): ParsedCommand | null {
  const code = lines.filter(({ kind, text }) => kind === 'code' && text.trim() !== '');
  const [only] = code;
  const addressed = only && code.length === 1 ? addressedIn(only.text.trim(), bot) : null;
  if (addressed?.how !== 'plain' || lines.some(saysSomething)) return null;
  return mistake(`Commands in code blocks are not carried out. ${whatToType(addressed.words)}`);
}

/** The words on the lines after a command: what its author wishes, unless that is only a thank-you. */
function wishBelow(lines: readonly Line[]): string[] {
  const words = lines.filter(({ kind }) => kind !== 'quoted').flatMap(({ text }) => wordsOf(text));
  return words.every(isPolite) ? [] : ['\n', ...words];
}

function severalCommands(count: number): ParsedCommand {
  return mistake(`Found ${count} commands in one comment. Write one comment for each; none was carried out.`);
}

/** What to type for a command that was understood but not carried out. */
function whatToType(words: readonly string[]): string {
  const parsed = parseWords(words);
  const text = quote(`/research ${words.join(' ')}`, 120);
  if (parsed.kind === 'command') return `If you meant it, comment ${text}.`;
  return words.length === 0 ? 'For example: `/research 50`.' : parsed.message;
}

/** @param words those after `/research`; a line break stands before the words on later lines */
function parseWords(words: readonly string[]): ParsedCommand {
  const [first, ...rest] = words[0] === '\n' ? words.slice(1) : words;
  if (first === undefined)
    return mistake('`/research` needs a command or a number of experiments, for example `/research 50`.');
  const word = plainWord(first);
  const name = COMMAND_NAMES.find(known => known === word);
  if (name === 'try') return parseTry(rest.filter(each => each !== '\n').join(' '));
  if (name === 'stack') return parseStack(rest.filter(each => each !== '\n'));
  if (name) return parseName(name, rest);
  if (/^[+\p{Pd}−]?\d[\d.,'’_]*$/u.test(word)) return parseStart(word, rest);
  const near = suggest(word, COMMAND_NAMES);
  const number = rest.find(each => /^\d+$/.test(each));
  const hint = near ? `/research ${near}` : number ? `/research ${number}` : null;
  return mistake(
    `Expected a number of experiments or one of ${COMMAND_NAMES.join(', ')} after \`/research\`, found ${quote(first, 40)}.` +
      (hint ? ` Did you mean \`${hint}\`?` : ' For example: `/research 50`.'),
  );
}

/** Words on later lines are a remark. */
function parseName(
  kind: Exclude<Command['kind'], 'start' | 'try' | 'stack'>,
  rest: readonly string[],
): ParsedCommand {
  const end = rest.indexOf('\n');
  const extra = rest.slice(0, end < 0 ? rest.length : end).filter(word => !isPolite(word));
  if (extra[0] === undefined) return { kind: 'command', command: { kind } };
  return mistake(`\`/research ${kind}\` takes no arguments, found ${quote(extra[0], 40)}.`);
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

/** Pull requests as `#3`, `3` or `#3, #7 and #9`. */
function parseStack(words: readonly string[]): ParsedCommand {
  const named = words.filter(word => !isPolite(word) && !/^(and|\+|,)$/i.test(word));
  const pulls = named.map(word => Number(/^#?(\d{1,9}),?$/.exec(word)?.[1]));
  const odd = named.find((_, i) => !Number.isInteger(pulls[i]));
  if (odd !== undefined || new Set(pulls).size < 2)
    return mistake(
      `\`/research stack\` needs the pull requests of two or more closed experiments, for example \`/research stack #3 #7\`${odd === undefined ? '' : `; found ${quote(odd, 40)}`}.`,
    );
  return { kind: 'command', command: { kind: 'stack', pulls: [...new Set(pulls)] } };
}

function parseStart(first: string, rest: readonly string[]): ParsedCommand {
  const [next = '', ...others] = rest;
  const isSplit = /^\d{1,3}$/.test(first) && /^\d{3}[.,;:!?]?$/.test(next);
  const after = (isSplit ? others : rest).filter(word => word !== '\n');
  const count = countIn(isSplit ? first + plainWord(next) : first);
  if (typeof count === 'string') return mistake(count);
  const words = /^(experiments?|ideas?)$/.test(plainWord(after[0] ?? '')) ? after.slice(1) : after;
  const options = parseOptions(words.every(isPolite) ? [] : words);
  if (typeof options === 'string') return mistake(options);
  if (isSplit && options.topic !== '')
    return mistake(
      `${quote(`${first} ${next}`)} can mean ${first} experiments or ${count}. Write the number without a blank, or start the hint with a word.`,
    );
  return { kind: 'command', command: { kind: 'start', experiments: count, ...options } };
}

/** The number of experiments, or a sentence for the author. */
function countIn(text: string): number | string {
  const digits = GROUPED.test(text) ? text.replace(/\D/g, '') : text.replace(/^\+/, '');
  const count = /^\d{1,9}$/.test(digits) ? Number(digits) : Number.NaN;
  if (count >= 1 && count <= MAX_EXPERIMENTS) return count;
  return `Expected a whole number of experiments from 1 to ${MAX_EXPERIMENTS}, found ${quote(text, 40)}.`;
}

function mistake(message: string): Extract<ParsedCommand, { kind: 'mistake' }> {
  return { kind: 'mistake', message };
}
