/** Applies an idea's edits to the champion's files, or explains to the model why they cannot be applied. */
import type { Edit } from '../campaign/idea.ts';
import { isVisible } from '../protocol/visible.ts';

/** An editable file may not grow beyond this many bytes of UTF-8. */
const MAX_FILE_BYTES = 400_000;
/** Limit on all edits of one idea together, in characters: they are stored in the pull request's body, which holds 65,536. */
const MAX_EDITS_CHARACTERS = 30_000;

export type EditResult =
  /** The files that changed, with their new text. */
  { kind: 'applied'; files: Map<string, string> } | { kind: 'refused'; reason: string };

const NEWLINE = /\r\n|\n/g;

/**
 * Applies `edits` in order to `files` (path to text). Every `search` must occur exactly once, in a file listed in `editable`. CRLF and LF
 * match each other, and a file keeps its line endings. Edits that change nothing overall are refused. Never throws.
 */
export function applyEdits(
  files: ReadonlyMap<string, string>,
  edits: readonly Edit[],
  editable: readonly string[],
): EditResult {
  const characters = edits.reduce((sum, edit) => sum + edit.search.length + edit.replace.length, 0);
  if (characters > MAX_EDITS_CHARACTERS) {
    return refused(
      `the edits have ${characters} characters together; at most ${MAX_EDITS_CHARACTERS} are allowed`,
    );
  }
  const now = new Map(files);
  for (const [index, edit] of edits.entries()) {
    const where = `edit ${index + 1} of ${edits.length} (${JSON.stringify(edit.path)})`;
    if (!editable.includes(edit.path)) {
      return refused(`${where}: this path is not editable; editable paths: ${editable.join(', ')}`);
    }
    const text = now.get(edit.path);
    if (text === undefined) return refused(`${where}: this file does not exist in the champion`);
    const result = replaceOnce(text, edit);
    if (result.kind === 'refused') return refused(`${where}: ${result.reason}`);
    now.set(edit.path, result.text);
  }
  const changed = new Map([...now].filter(([path, text]) => text !== files.get(path)));
  if (changed.size === 0) return refused('the edits change nothing');
  for (const [path, text] of changed) {
    const bytes = Buffer.byteLength(text);
    if (bytes > MAX_FILE_BYTES) {
      return refused(`${path} would have ${bytes} bytes; at most ${MAX_FILE_BYTES} are allowed`);
    }
  }
  return { kind: 'applied', files: changed };
}

/**
 * Start and end offsets of `search` in `text`, including overlapping ones. CRLF and LF match each other. Takes linear time, whatever the two
 * texts are (Knuth, Morris and Pratt 1977).
 */
export function occurrences(text: string, search: string): { start: number; end: number }[] {
  const [plain, wanted] = [text.replaceAll('\r\n', '\n'), search.replaceAll('\r\n', '\n')];
  const places = plain.length === text.length ? null : placesIn(text, plain.length);
  const offset = (index: number) => places?.[index] ?? index;
  const borders = bordersOf(wanted);
  const found: { start: number; end: number }[] = [];
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

function replaceOnce(
  text: string,
  edit: Edit,
): { kind: 'replaced'; text: string } | { kind: 'refused'; reason: string } {
  // A reader of the pull request could not see what such code does. Git treats a file with a NUL as binary, and half a surrogate pair
  // cannot be encoded in UTF-8.
  if (!isVisible(edit.replace)) {
    return refused('the replacement contains characters that are not allowed in a text file');
  }
  if (edit.search === '') return refused('search is empty; give the exact lines to replace');
  const found = occurrences(text, edit.search);
  const [only] = found;
  if (only === undefined) return refused(`search does not occur in the file. ${hint(text, edit.search)}`);
  if (found.length > 1) {
    const lines = [...new Set(found.slice(0, 10).map(({ start }) => lineNumber(text, start)))];
    return refused(
      `search occurs ${found.length} times, at lines ${lines.join(', ')}${found.length > 10 ? ' …' : ''}. ` +
        'Add neighbouring lines until it occurs exactly once',
    );
  }
  const replacement = edit.replace.replace(NEWLINE, lineEnding(text));
  return { kind: 'replaced', text: text.slice(0, only.start) + replacement + text.slice(only.end) };
}

function refused(reason: string): { kind: 'refused'; reason: string } {
  return { kind: 'refused', reason };
}

/** The line ending that most lines of the text use. */
function lineEnding(text: string): string {
  const windows = text.split('\r\n').length - 1;
  const all = text.split('\n').length - 1;
  return windows * 2 > all ? '\r\n' : '\n';
}

function lineNumber(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** Names the first line of `search` that is not in the file, and the most similar line that is. */
function hint(text: string, search: string): string {
  const lines = text.split(NEWLINE);
  const known = new Set(lines);
  const missing = search.split(NEWLINE).find(line => line.trim() !== '' && !known.has(line));
  if (missing === undefined) return 'Each of its lines exists, but not in this order';
  let closest = { line: '', number: 0, likeness: 0 };
  const wanted = bigrams(missing);
  for (const [index, line] of lines.entries()) {
    const score = likeness(wanted, bigrams(line));
    if (score > closest.likeness) closest = { line, number: index + 1, likeness: score };
  }
  const expected = `There is no line ${JSON.stringify(missing.slice(0, 200))}`;
  if (closest.likeness < 0.3) return expected;
  return `${expected}; the closest is line ${closest.number}, ${JSON.stringify(closest.line.slice(0, 200))}`;
}

function bigrams(line: string): Set<string> {
  const text = ` ${line.trim().slice(0, 200)} `;
  return new Set(Array.from({ length: text.length - 1 }, (_, i) => text.slice(i, i + 2)));
}

/** Dice's coefficient of two sets, from 0 (disjoint) to 1 (equal). */
function likeness(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let common = 0;
  for (const pair of a) if (b.has(pair)) common++;
  return (2 * common) / (a.size + b.size);
}
