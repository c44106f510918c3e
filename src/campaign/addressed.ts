/** Finds what a line of a comment tells the bot: after `/research`, or after a mention of the bot. */
import { distance } from 'fastest-levenshtein';
import { COMMAND_NAMES } from './command.ts';

/**
 * What a line tells the bot.
 * `plain`: a command, with its words. `marked`: the same inside a list, bold or code, which may be meant as an example. `buried`: the
 * command comes after other words. `misspelt`: nearly `/research`. `mentioned`: the bot's name, then words that need not be a command.
 */
export interface Addressed {
  how: 'plain' | 'marked' | 'buried' | 'misspelt' | 'mentioned';
  words: string[];
}

const PREFIX = '/research';
/** Blanks, including those that only Unicode or a font knows as such. */
const BLANKS = /[\s\u115f\u1160\u2800\u3164\uffa0]+/;
/** Words around a command that do not change what it says. */
const POLITE = new Set(
  'hi hello hey hallo dear all everyone everybody team folks there good morning afternoon evening please pls plz kindly ok okay so now then thanks thank you thx cheers'.split(
    ' ',
  ),
);
/** With more words than this before it, a command is talked about. */
const FEW_WORDS = 4;

export function wordsOf(text: string): string[] {
  return text.split(BLANKS).filter(word => word !== '');
}

/** A word as it is compared: in lower case and plain letters, without the punctuation after it. */
export function plainWord(word: string): string {
  return word
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[.,;:!?]{1,20}$/, '');
}

/** Whether a word is a greeting, a thank-you, somebody's name with an @, or no word at all. */
export function isPolite(word: string): boolean {
  return word.startsWith('@') || !/[\p{L}\p{N}/]/u.test(word) || POLITE.has(plainWord(word));
}

/** @param bot the name by which people mention the App */
export function addressedIn(text: string, bot: string): Addressed | null {
  const marked = withoutMarks(text);
  const found = addressed(wordsOf(marked?.text ?? text), bot);
  if (!found || !marked || found.how !== 'plain') return found;
  return { ...found, how: marked.isExample ? 'buried' : 'marked' };
}

function addressed(words: readonly string[], bot: string): Addressed | null {
  const [first = '', second = ''] = words;
  const mention = plainWord(first).replace(/\[bot\]$/, '');
  const own = mention === `@${bot.toLowerCase()}`;
  const start = plainWord(second);
  if (own || (mention === '@bot' && (start === 'research' || start.startsWith(PREFIX))))
    return afterMention(words.slice(1), own);
  const direct = afterPrefix(words);
  if (direct) return direct;
  const at = words.findIndex((_, i) => afterPrefix(words.slice(i, i + 3))?.how === 'plain');
  if (at < 1) return null;
  const before = words.slice(0, at);
  const command = afterPrefix(words.slice(at));
  if (!command || (before.length > FEW_WORDS && !before.every(isPolite))) return null;
  return { words: command.words, how: before.every(isPolite) ? 'plain' : 'buried' };
}

/** The words after `/research`, however it is written; null if the line does not start with it. */
function afterPrefix(words: readonly string[]): Addressed | null {
  const [first = '', ...rest] = words;
  const head = first.normalize('NFKC').replace(/^[\\⁄∕]/, '/');
  if (head === '/' && rest[0] !== undefined) return afterPrefix([`/${rest[0]}`, ...rest.slice(1)]);
  if (!head.startsWith('/')) return null;
  const lower = head.toLowerCase();
  if (lower.startsWith(PREFIX)) {
    const glued = head.slice(PREFIX.length).replace(/^[\p{Pd}:=,._]/u, '');
    if (glued === '' || isCommandWord(glued))
      return { how: 'plain', words: glued === '' ? rest : [glued, ...rest] };
  }
  const near = lower.startsWith('/r') && lower.length < 2 * PREFIX.length && distance(lower, PREFIX) <= 2;
  return near ? { how: 'misspelt', words: rest } : null;
}

function afterMention(words: readonly string[], own: boolean): Addressed | null {
  const command = afterPrefix(words);
  if (command) return command;
  if (plainWord(words[0] ?? '') === 'research') return { how: 'plain', words: words.slice(1) };
  if (!own || (words.length > 0 && words.every(isPolite))) return null;
  const meant = words.filter(word => !isPolite(word));
  const isCommand = meant.length === 1 && COMMAND_NAMES.some(name => name === plainWord(meant[0] ?? ''));
  return isCommand ? { how: 'plain', words: meant } : { how: 'mentioned', words: [...words] };
}

function isCommandWord(word: string): boolean {
  const plain = plainWord(word);
  return /^\d+$/.test(plain) || COMMAND_NAMES.some(name => name === plain);
}

/**
 * The text without a list's bullet, a heading's mark, or marks around the command; null without any. `isExample`: other words follow
 * the marked ones, as where a command is explained.
 */
function withoutMarks(text: string): { text: string; isExample: boolean } | null {
  const line = text.trim();
  const [bullet = ''] = /^(?:[-*+•–—]|\d{1,9}[.)]|#{1,6})\s+(?:\[[ xX]\]\s+)?(?=\S)/.exec(line) ?? [];
  const item = line.slice(bullet.length);
  const [open = ''] = /^[*_`~"'“‘„«]{1,6}/.exec(item) ?? [];
  const inside = item.slice(open.length);
  if (open === '' || !/^[\s/\\@]/.test(inside))
    return bullet === '' ? null : { text: item, isExample: false };
  const close = inside.search(/[*_`~"'”’“»]/);
  if (close < 0) return { text: inside, isExample: false };
  const after = inside.slice(close).replace(/^[*_`~"'”’“»]{1,6}/, '');
  return { text: inside.slice(0, close), isExample: !wordsOf(after).every(isPolite) };
}
