/** Reads the score from a JSON file below the candidate's TMPDIR. The file disappears with the sandbox and is passed out before that. */

import { isMeasurable } from '../protocol/measurement.ts';
import type { Launch } from './launch.ts';
import { decodeText, parseJson } from './loose-json.ts';
import { parseValue } from './number.ts';
import { RESULT_DESCRIPTOR } from './process.ts';

/** Largest result file that is read. */
const MAX_BYTES = 1024 * 1024;
/** Limits on the other numbers that are shown: their count, the length of their keys, and their depth. */
const MAX_REPORTED = 30;
const MAX_NAME = 40;
const MAX_DEPTH = 8;

/**
 * Runs the command in its arguments with the file's full path in AUTORESEARCH_RESULT, then passes the file on and exits like the command.
 * `-f` ensures that only a regular file is read, not a pipe or a device.
 */
const PASS_RESULT = `
export AUTORESEARCH_RESULT="$TMPDIR/$0"
mkdir -p "\${AUTORESEARCH_RESULT%/*}"
"$@" ${RESULT_DESCRIPTOR}>&-
status=$?
[ -f "$AUTORESEARCH_RESULT" ] && head -c ${MAX_BYTES + 1} "$AUTORESEARCH_RESULT" >&${RESULT_DESCRIPTOR}
exit $status
`;

/** The launch, changed to pass `file` on through RESULT_DESCRIPTOR when the candidate's command has ended. */
export function withResultFile(launched: Launch, file: string): Launch {
  const words = [launched.file, ...launched.args];
  const before = words.slice(0, words.length - launched.command.length);
  const command = ['sh', '-c', PASS_RESULT, file, ...launched.command];
  const [program = 'sh', ...args] = [...before, ...command];
  return { ...launched, file: program, args, command };
}

export interface ResultFile {
  take(bytes: Buffer): void;
  read(): Result;
  /** The number at another dotted key, in the last value that has one; undefined if none does. */
  other(key: string): number | undefined;
}

/** The content of the file: the score, or why there is none, and the other numbers. */
export interface Result {
  value: number | null;
  /** The text that it was read from, if it is known. */
  text?: string | undefined;
  /** Why there is no score, as the predicate of a sentence about the candidate; empty if there is one. */
  missing: string;
  /** At most 30 finite numbers by dotted key, without the score. */
  reported: Record<string, number>;
}

/** Collects the bytes of `file` in bounded memory, and finds the number at `key`. */
export function collectResult(file: string, key: string): ResultFile {
  const chunks: Buffer[] = [];
  let size = 0;
  const content = () => parse(decodeText(Buffer.concat(chunks)));
  return {
    take(bytes) {
      if (size <= MAX_BYTES) chunks.push(bytes.subarray(0, MAX_BYTES + 1 - size));
      size += bytes.length;
    },
    read() {
      const nothing = (missing: string): Result => ({ value: null, missing, reported: {} });
      if (size === 0) return nothing(`exited without writing ${file} below $TMPDIR (AUTORESEARCH_RESULT)`);
      if (size > MAX_BYTES) return nothing(`wrote more than ${MAX_BYTES} bytes to ${file}`);
      const parsed = content();
      return 'problem' in parsed
        ? nothing(`wrote invalid JSON to ${file}: ${parsed.problem}`)
        : readLast(parsed.values, file, key);
    },
    other(name) {
      const parsed = size === 0 || size > MAX_BYTES ? null : content();
      if (parsed === null || 'problem' in parsed) return undefined;
      return readLast(parsed.values, file, name).value ?? undefined;
    },
  };
}

function parse(text: string): { values: unknown[] } | { problem: string } {
  try {
    return { values: parseJson(text) };
  } catch (error) {
    return { problem: (error as Error).message };
  }
}

/** The key in the last of several values that has it. */
function readLast(values: readonly unknown[], file: string, key: string): Result {
  const results = values.map(value => readKey(value, file, key));
  const last = results.findLast(({ value }) => value !== null) ?? results.at(-1);
  if (last === undefined) throw new Error(`Expected a value in ${file}, found none.`);
  return last;
}

function readKey(root: unknown, file: string, key: string): Result {
  const { [key]: _, ...reported } = Object.fromEntries(numbersIn(root).slice(0, MAX_REPORTED + 1));
  const nothing = (missing: string): Result => ({ value: null, missing, reported });
  let value = root;
  let parent = file;
  // A dot may also be a part of a name.
  const names = childrenOf(root).some(([own]) => own === key) ? [key] : key.split('.');
  for (const name of names) {
    const children = childrenOf(value);
    const child = children.find(([own]) => own === name);
    if (!child) {
      const found = children.map(([own]) => own).join(', ') || kindOf(value);
      return nothing(
        `wrote no ${key} to ${file}: expected ${name} in ${parent}, found ${found.slice(0, 200)}`,
      );
    }
    value = child[1];
    parent = parent === file ? name : `${parent}.${name}`;
  }
  const number = numberIn(value);
  if (number !== null) return { value: number, text: String(value), missing: '', reported };
  return nothing(`wrote no number to ${file}: expected one at ${key}, found ${kindOf(value)}`);
}

/** A number, also one that was written as a string. */
function numberIn(value: unknown): number | null {
  if (typeof value === 'string') return parseValue(value);
  return typeof value === 'number' ? value : null;
}

/** The members of an object by name, or of a list by index; empty for anything else. */
function childrenOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}

/** The finite numbers below `value` by dotted key, in file order. The depth is limited, because a file may nest thousands of levels. */
function numbersIn(value: unknown, path: string[] = []): [string, number][] {
  if (path.length > MAX_DEPTH) return [];
  return childrenOf(value).flatMap(([name, child]) => {
    const full = [...path, name];
    const key = full.join('.');
    if (typeof child !== 'number') return numbersIn(child, full);
    return isMeasurable(child) && key.length <= MAX_NAME ? [[key, child]] : [];
  });
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  return JSON.stringify(value).slice(0, 80);
}
