/** Where a text is in a file: as whole lines, or between the borders of its words, numbers and operators. */
import { extname } from 'node:path';

export interface Place {
  start: number;
  end: number;
}

/** Files whose names contain dashes and dots: `max-lr` is one name there. */
const WITH_DASHES = ['.yml', '.yaml', '.json', '.toml', '.ini', '.cfg', '.sh', '.css', '.env', '.txt', ''];
const NUMBER = String.raw`(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?[\p{L}\d_]*`;
const WORD = String.raw`[\p{L}\p{N}\p{M}_$]+`;
const OPERATOR = String.raw`[=!]==?|<=>|(?:\*\*|\/\/|<<|>>|\?\?|&&|\|\|)=?|[<>:+\-*/%&|^@~]=|->|=>|\+\+|--|::|\.\.\.?`;
const TOKEN = new RegExp(`${NUMBER}|${WORD}|${OPERATOR}`, 'gu');
const TOKEN_WITH_DASHES = new RegExp(
  String.raw`${NUMBER}|${WORD}(?:[-.]+[\p{L}\p{N}\p{M}_$]+)*|${OPERATOR}`,
  'gu',
);
const WORD_BEFORE = /[\p{L}\p{N}\p{M}_$]$/u;
const WORD_AFTER = /^[\p{L}\p{N}\p{M}_$]/u;
/** Characters around a border that are looked at. */
const AROUND = 64;

/**
 * Start and end offsets of `search` in `text`, including overlapping ones. CRLF and LF match each other. Takes linear time, whatever the two
 * texts are (Knuth, Morris and Pratt 1977).
 */
export function occurrences(text: string, search: string): Place[] {
  const [plain, wanted] = [text.replaceAll('\r\n', '\n'), search.replaceAll('\r\n', '\n')];
  const places = plain.length === text.length ? null : placesIn(text, plain.length);
  const offset = (index: number) => places?.[index] ?? index;
  const borders = bordersOf(wanted);
  const found: Place[] = [];
  let matched = 0;
  for (let i = 0; i < plain.length; i++) {
    while (matched > 0 && plain[i] !== wanted[matched]) matched = borders[matched - 1] ?? 0;
    if (plain[i] === wanted[matched]) matched++;
    if (matched < wanted.length || matched === 0) continue;
    found.push({ start: offset(i + 1 - matched), end: offset(i + 1) });
    matched = borders[matched - 1] ?? 0;
  }
  return found;
}

/** Whether the place begins where a line begins and ends where a line ends. */
export function isWholeLines(text: string, { start, end }: Place): boolean {
  const begins = start === 0 || text[start - 1] === '\n' || /^\r?\n/.test(text.slice(start, start + 2));
  const ends = end === text.length || text[end - 1] === '\n' || /^\r?\n/.test(text.slice(end, end + 2));
  return begins && ends;
}

/** Whether the place cuts through no word, number or operator: `DEPTH = 2` is not a part of `DEPTH = 24`. */
export function isBetweenTokens(path: string, text: string, { start, end }: Place): boolean {
  return isBorder(path, text, start) && isBorder(path, text, end);
}

function isBorder(path: string, text: string, offset: number): boolean {
  const before = /[^\n]*$/.exec(text.slice(Math.max(0, offset - AROUND), offset))?.[0] ?? '';
  const after = /^[^\r\n]*/.exec(text.slice(offset, offset + AROUND))?.[0] ?? '';
  if (before === '' || after === '') return true;
  if (WORD_BEFORE.test(before) && WORD_AFTER.test(after)) return false;
  const token = WITH_DASHES.includes(extname(path)) ? TOKEN_WITH_DASHES : TOKEN;
  for (const { index, 0: written } of `${before}${after}`.matchAll(token))
    if (index < before.length && index + written.length > before.length) return false;
  return true;
}

/** The whole lines that contain a place, without the line ending after the last one. */
export function linesAround(text: string, { start, end }: Place): Place {
  const next = text.indexOf('\n', end);
  const last = next === -1 ? text.length : text[next - 1] === '\r' && next > end ? next - 1 : next;
  return { start: text.lastIndexOf('\n', start - 1) + 1, end: last };
}

/** For each prefix of `text`, by its last index: the length of its longest proper prefix that is also its end. */
function bordersOf(text: string): Int32Array {
  const borders = new Int32Array(text.length);
  for (let i = 1, length = 0; i < text.length; i++) {
    while (length > 0 && text[i] !== text[length]) length = borders[length - 1] ?? 0;
    if (text[i] === text[length]) length++;
    borders[i] = length;
  }
  return borders;
}

/** The offset in `text` of each character of the same text with LF alone, and of its end. */
function placesIn(text: string, plainLength: number): Int32Array {
  const places = new Int32Array(plainLength + 1);
  for (let i = 0, place = 0; i <= plainLength; i++, place++) {
    places[i] = place;
    if (text[place] === '\r' && text[place + 1] === '\n') place++;
  }
  return places;
}
