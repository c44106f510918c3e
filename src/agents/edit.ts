/** Applies an idea's edits to the champion's files, or explains to the model why they cannot be applied. */
import type { Edit } from '../campaign/idea.ts';

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

/** Start and end offsets of `search` in `text`, including overlapping ones. CRLF and LF match each other. */
export function occurrences(text: string, search: string): { start: number; end: number }[] {
  // The look-behind keeps a search that begins with a newline from matching CRLF a second time at its LF.
  const source = search.split(NEWLINE).map(literally).join('(?:\\r\\n|(?<!\\r)\\n)');
  const pattern = new RegExp(source, 'g');
  const found: { start: number; end: number }[] = [];
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    found.push({ start: match.index, end: match.index + match[0].length });
    pattern.lastIndex = match.index + 1;
  }
  return found;
}

/** A regular expression that matches exactly `text`. */
function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

function replaceOnce(
  text: string,
  edit: Edit,
): { kind: 'replaced'; text: string } | { kind: 'refused'; reason: string } {
  // Git treats a file with a NUL as binary, and half a surrogate pair cannot be encoded in UTF-8.
  if (edit.replace.includes('\0') || !edit.replace.isWellFormed()) {
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
