/** Reads `<name>: <number>` in a line of output. */
import { logPrefix } from './log-prefix.ts';
import { parseValue } from './number.ts';

const QUOTES = ['"', "'", '`', '**'];
/** Longer values are no numbers. */
const MAX_VALUE = 200;
const SEPARATOR = /\s*[:=：]\s*|\s+/y;

export interface Reading {
  /** What was read as the number. */
  text: string;
  /** NaN if `text` is not a number. */
  value: number;
}

/** The value of a line that is `<name>: <number>` or `<name> = <number>` after what logging and launchers write before it; null for any other. */
export function readMetric(line: string, name: string): Reading | null {
  for (let at = line.indexOf(name); at !== -1; at = line.indexOf(name, at + 1)) {
    const value = valueAfter(line, at, name);
    if (value === null) continue;
    const before = line.slice(0, value.start);
    const { length, rank } = logPrefix(before);
    // What several processes print is read from the first.
    if (length === before.length && rank === 0) return value.reading;
  }
  return null;
}

/** A pair `key: number`, whatever its name. */
export function readPair(line: string): { key: string; value: number } | null {
  const [, key, text] = /^\s*([^\s:=：][^:=：]{0,39}?)\s*[:=：](.{0,200})$/.exec(line) ?? [];
  const value = text === undefined ? null : parseValue(text);
  return key === undefined || value === null ? null : { key, value };
}

function valueAfter(line: string, at: number, name: string): { start: number; reading: Reading } | null {
  const end = at + name.length;
  const quote = QUOTES.find(mark => line.startsWith(mark, end) && line.slice(0, at).endsWith(mark)) ?? '';
  SEPARATOR.lastIndex = end + quote.length;
  if (!SEPARATOR.test(line)) return null;
  const text = line.slice(SEPARATOR.lastIndex).trim().replace(/[,;]$/, '');
  const value = text.length > MAX_VALUE ? null : parseValue(text);
  return value === null ? null : { start: at - quote.length, reading: { text, value } };
}
