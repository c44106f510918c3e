/** Reads what follows the number in `/research 50`: options, and the hint between them. */
import { durationSchema } from '../protocol/duration.ts';
import { suggest } from '../protocol/suggest.ts';
import { quote } from '../text/markdown.ts';
import { plainWord } from './addressed.ts';
import { FLAGS, type StartCommand } from './command.ts';

export type Options = Pick<StartCommand, 'parallel' | 'budgetSeconds' | 'agent' | 'topic'>;

type Flag = (typeof FLAGS)[number];

/** An option as it was found: its value, and how many words it took. */
type Found = { flag: Flag; value: string; length: number };

const FLAG_NAMES = FLAGS.map(({ name }) => name.slice(2));
/** Phones turn `--` into a dash, and dashes differ by keyboard. The minus sign is one too. */
const DASH = /[\p{Pd}−]/gu;
const UNITS = { s: /^s(ec(ond)?s?)?$/, m: /^m(in(ute)?s?)?$/, h: /^(h(ou)?rs?|h)$/ } as const;
const MAX_TOPIC = 1000;

/** @returns a sentence for the author where an option or the hint cannot be read */
export function parseOptions(words: readonly string[]): Options | string {
  const options: Options = { parallel: null, budgetSeconds: null, agent: null, topic: '' };
  const given = new Map<string, string>();
  const topic: string[] = [];
  for (let i = 0; i < words.length; ) {
    const found = optionAt(words, i, topic.length === 0);
    if (typeof found === 'string') return found;
    if (found === null) {
      // A dash between the number and the hint.
      if (topic.length > 0 || !/^-+$/.test(dashed(words[i] ?? ''))) topic.push(words[i] ?? '');
      i += 1;
      continue;
    }
    const { flag, value, length } = found;
    const before = given.get(flag.name);
    if (before !== undefined)
      return `\`${flag.name}\` is given twice: ${quote(before, 40)} and ${quote(value, 40)}.`;
    given.set(flag.name, value);
    const problem = setOption(options, flag, value);
    if (problem !== null) return problem;
    i += length;
  }
  options.topic = topic.join(' ');
  return problemOf(topic, options.topic) ?? options;
}

/** Two words such as `parallel 4` may be an option without its dashes. */
function problemOf(topic: readonly string[], text: string): string | null {
  const name = plainWord(topic[0] ?? '');
  if (topic.length === 2 && FLAG_NAMES.some(known => known === name))
    return `${quote(text, 60)} may be a hint or an option. If it is the option, write \`--${name} ${topic[1]?.replaceAll('`', "'")}\`.`;
  if (text.length > MAX_TOPIC)
    return `A hint for the agent has at most ${MAX_TOPIC} characters, found ${text.length}. The contract's brief has room for more.`;
  return null;
}

/**
 * The option that starts at a word; null if that is part of the hint, or a sentence if it is an option that cannot be read.
 * @param isFirst whether no word of the hint came before: later, a word with a single dash may be prose
 */
function optionAt(words: readonly string[], i: number, isFirst: boolean): Found | string | null {
  const word = words[i] ?? '';
  const parts = /^(-*)([a-z][\w-]{0,40})(?:([=:])(.*))?$/is.exec(dashed(word));
  if (!parts) return null;
  const [, dashes = '', rawName = '', sign, inline] = parts;
  const name = rawName.toLowerCase();
  const flag = FLAGS.find(known => known.name === `--${name}`);
  if (!flag) {
    const near = suggest(name, FLAG_NAMES);
    const isOption =
      /^[\p{Pd}−]{2}/u.test(word) || (dashes !== '' && (isFirst || near)) || (sign === '=' && near);
    return isOption ? unknownOption(word, near) : null;
  }
  if (dashes === '' && sign === undefined) return null;
  return withValue(flag, inline ?? '', words.slice(i + 1, i + 4));
}

function unknownOption(word: string, near: string | null): string {
  const known = FLAGS.map(({ name }) => `\`${name}\``).join(', ');
  return `${quote(word, 40)} is not an option. ${near ? `Did you mean \`--${near}\`?` : `Options: ${known}.`}`;
}

/** @param next the words after the option, of which its value may take up to three: `= 10 min` */
function withValue(flag: Flag, inline: string, next: readonly string[]): Found | string {
  const values = inline === '' ? next : [inline, ...next];
  const sign = inline === '' && values[0] === '=' ? 1 : 0;
  const value = cleanValue(values[sign] ?? '');
  if (value === '' || /^--/.test(value))
    return `\`${flag.name}\` needs a value, for example \`${flag.name} ${flag.value === 'N' ? '4' : flag.value}\`.`;
  const unit = plainWord(values[sign + 1] ?? '');
  const takesUnit = flag.name === '--budget' && /^[\d.,]+$/.test(value) && unitOf(unit) !== null;
  const taken = sign + (takesUnit ? 2 : 1);
  return { flag, value: takesUnit ? value + unit : value, length: taken + (inline === '' ? 1 : 0) };
}

/** A value without the quotation marks around it and the punctuation after it. */
function cleanValue(word: string): string {
  return dashed(word)
    .replace(/^["'`“”‘’„«»]{1,3}/, '')
    .replace(/["'`“”‘’„«».,;:!]{1,5}$/, '');
}

/** Sets one option. Returns a sentence for the author, or null if the value is valid. */
function setOption(options: Options, flag: Flag, value: string): string | null {
  switch (flag.name) {
    case '--parallel':
      options.parallel = Number(value);
      return Number.isInteger(options.parallel) && options.parallel >= 1 && options.parallel <= 64
        ? null
        : `\`--parallel\` expects a whole number from 1 to 64, found ${quote(value, 40)}.`;
    case '--budget': {
      options.budgetSeconds = parseDuration(value);
      if (options.budgetSeconds !== null) return null;
      const unit = /^\d+$/.test(value) ? ` Write \`${value}s\` or \`${value}m\`.` : '';
      return `\`--budget\` expects a duration such as 90s, 5m or 1h, at most 24h, found ${quote(value, 40)}.${unit}`;
    }
    case '--agent':
      options.agent = value;
      return null;
  }
}

/** Seconds of `10m`, `10 min` or `1.5 hours`; null if it is none, or out of bounds. */
function parseDuration(text: string): number | null {
  const [, amount = '', unit = ''] = /^([\d.,]{1,12})([a-z]{1,7})$/.exec(text.toLowerCase()) ?? [];
  const seconds = durationSchema.safeParse(`${amount.replace(',', '.')}${unitOf(unit) ?? ''}`);
  return seconds.success ? seconds.data : null;
}

function unitOf(word: string): 's' | 'm' | 'h' | null {
  for (const unit of ['s', 'm', 'h'] as const) if (UNITS[unit].test(word)) return unit;
  return null;
}

/** The word in plain letters, with every dash as a hyphen. */
function dashed(word: string): string {
  const plain = word.normalize('NFKC').replace(DASH, '-');
  // A phone makes one long dash of two hyphens.
  return /^[—―]/.test(word) && !plain.startsWith('--') ? `-${plain}` : plain;
}
