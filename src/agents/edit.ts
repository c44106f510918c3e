/** Applies an idea's edits to the champion's files, or explains to the model why they cannot be applied. */
import type { Edit } from '../campaign/idea.ts';
import { MOST_FILE_BYTES } from '../protocol/repository-file.ts';
import { unseen } from '../protocol/visible.ts';
import { isBetweenTokens, isWholeLines, linesAround, occurrences, type Place } from './places.ts';

/** An editable file may not grow beyond this many bytes of UTF-8. */
/** Limit on all edits of one idea together, in characters: they are stored in the pull request's body, which holds 65,536. */
const MAX_EDITS_CHARACTERS = 30_000;

export type EditResult =
  /** The files that changed, with their new text, and what the edits replaced: whole lines. */
  { kind: 'applied'; files: Map<string, string>; edits: Edit[] } | { kind: 'refused'; reason: string };

/** What a `search` may match: whole lines alone, or else any place that cuts through no token. */
export type Matching = 'lines' | 'tokens';

const NEWLINE = /\r\n|\n/g;
/** Places that a complaint lists. */
const LISTED = 10;
/** A text that occurs more often than this is not looked at place by place: it says too little about where it is. */
const MOST_PLACES = 100;

/**
 * Applies `edits` in order to `files` (path to text). Every `search` must occur exactly once, in a file listed in `editable`. CRLF and LF
 * match each other, and a file keeps its line endings. Edits that change nothing overall are refused. Never throws.
 */
export function applyEdits(
  files: ReadonlyMap<string, string>,
  edits: readonly Edit[],
  editable: readonly string[],
  matching: Matching = 'tokens',
): EditResult {
  const characters = edits.reduce((sum, edit) => sum + edit.search.length + edit.replace.length, 0);
  if (characters > MAX_EDITS_CHARACTERS) {
    return refused(
      `the edits have ${characters} characters together; at most ${MAX_EDITS_CHARACTERS} are allowed`,
    );
  }
  const now = new Map(files);
  const done: Edit[] = [];
  for (const [index, edit] of edits.entries()) {
    const where = `edit ${index + 1} of ${edits.length} (${JSON.stringify(edit.path)})`;
    if (!editable.includes(edit.path)) {
      return refused(`${where}: this path is not editable; editable paths: ${editable.join(', ')}`);
    }
    const text = now.get(edit.path);
    if (text === undefined) return refused(`${where}: this file does not exist in the champion`);
    const result = replaceOnce(text, edit, matching);
    if (result.kind === 'refused') return refused(`${where}: ${result.reason}`);
    now.set(edit.path, result.text);
    done.push(result.edit);
  }
  const changed = new Map([...now].filter(([path, text]) => text !== files.get(path)));
  if (changed.size === 0) return refused('the edits change nothing');
  for (const [path, text] of changed) {
    const bytes = Buffer.byteLength(text);
    if (bytes > MOST_FILE_BYTES) {
      return refused(`${path} would have ${bytes} bytes; at most ${MOST_FILE_BYTES} are allowed`);
    }
  }
  return { kind: 'applied', files: changed, edits: done };
}

function replaceOnce(
  text: string,
  edit: Edit,
  matching: Matching,
): { kind: 'replaced'; text: string; edit: Edit } | { kind: 'refused'; reason: string } {
  // A reader of the pull request could not see what such code does. Git treats a file with a NUL as binary, and half a surrogate pair
  // cannot be encoded in UTF-8. What was there before may stay.
  const before = new Set(unseen(edit.search));
  const hidden = unseen(edit.replace).find(character => !before.has(character));
  if (hidden !== undefined)
    return refused(
      `the replacement contains ${nameOf(hidden)}, which a reader cannot see; leave it out, or write it as an escape sequence`,
    );
  if (edit.search === '') return refused('search is empty; give the exact lines to replace');
  const found = placesOf(text, edit, matching);
  if (found.kind === 'refused') return found;
  const { start, end } = found.place;
  const replacement = withLineEnd(edit).replace(NEWLINE, lineEnding(text));
  const after = text.slice(0, start) + replacement + text.slice(end);
  return { kind: 'replaced', text: after, edit: wholeLines(edit.path, text, found.place, replacement) };
}

function nameOf(character: string): string {
  return `the character U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}

/** The one place that `search` means. A place that is whole lines is preferred to one that is a part of a line. */
function placesOf(
  text: string,
  { path, search }: Edit,
  matching: Matching,
): { kind: 'place'; place: Place } | { kind: 'refused'; reason: string } {
  const all = occurrences(text, search);
  const lines = all.filter(place => isWholeLines(text, place));
  const found =
    lines.length > 0 || matching === 'lines'
      ? lines
      : all.length > MOST_PLACES
        ? all
        : all.filter(place => isBetweenTokens(path, text, place));
  const [only] = found;
  if (only !== undefined && found.length === 1) return { kind: 'place', place: only };
  if (only === undefined) {
    const [inside] = all;
    return refused(
      inside === undefined
        ? `search does not occur in the file. ${hint(text, search)}`
        : `search occurs only as a part of something longer: ${lineAt(text, inside)}. Give whole lines, exactly as they are in the file`,
    );
  }
  const numbers = [...new Set(found.slice(0, LISTED).map(({ start }) => lineNumber(text, start)))];
  return refused(
    `search occurs ${found.length} times, at lines ${numbers.join(', ')}${found.length > LISTED ? ' …' : ''}. ` +
      'Add neighbouring lines until it occurs exactly once',
  );
}

/** Where whole lines with their last line ending are replaced, the next line stays a line of its own. */
function withLineEnd({ search, replace }: Edit): string {
  return search.endsWith('\n') && replace !== '' && !replace.endsWith('\n') ? `${replace}\n` : replace;
}

/** What an edit did, as whole lines before and after. */
function wholeLines(path: string, text: string, { start, end }: Place, replacement: string): Edit {
  const endsLine = text[end - 1] === '\n' && (replacement === '' || replacement.endsWith('\n'));
  const lines = linesAround(text, { start, end });
  const last = endsLine ? end : lines.end;
  const plain = (part: string) => part.replaceAll('\r\n', '\n');
  const search = plain(text.slice(lines.start, last));
  const replace = plain(text.slice(lines.start, start) + replacement + text.slice(end, last));
  const bothEnd = search.length > 1 && search.endsWith('\n') && replace.endsWith('\n');
  return bothEnd
    ? { path, search: search.slice(0, -1), replace: replace.slice(0, -1) }
    : { path, search, replace };
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

function lineAt(text: string, { start }: Place): string {
  const line = linesAround(text, { start, end: start });
  return `line ${lineNumber(text, start)} is ${JSON.stringify(text.slice(line.start, line.end).slice(0, 200))}`;
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
