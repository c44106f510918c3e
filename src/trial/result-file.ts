/** A number from a JSON file that the candidate writes below its TMPDIR, which ends with the sandbox: carried out before. */

import { isMeasurable } from '../protocol/measurement.ts';
import type { Launch } from './launch.ts';
import { RESULT_DESCRIPTOR } from './process.ts';

/** More of a result file is not read. */
const MAX_BYTES = 1024 * 1024;
/** Bounds for what is shown beside the number that decides: how many, how long their names, how deep they lie. */
const MAX_REPORTED = 30;
const MAX_NAME = 40;
const MAX_DEPTH = 8;

/**
 * Runs the command, which follows it, with the file's full path in AUTORESEARCH_RESULT, then hands over the file and ends as the command
 * did. A pipe or a device in the file's place is not read: `-f` asks for a file.
 */
const CARRY = `
export AUTORESEARCH_RESULT="$TMPDIR/$0"
mkdir -p "\${AUTORESEARCH_RESULT%/*}"
"$@" ${RESULT_DESCRIPTOR}>&-
status=$?
[ -f "$AUTORESEARCH_RESULT" ] && head -c ${MAX_BYTES + 1} "$AUTORESEARCH_RESULT" >&${RESULT_DESCRIPTOR}
exit $status
`;

/** The launch, so that it hands over `file` on RESULT_DESCRIPTOR when the candidate's command has ended. */
export function carryingOut(launched: Launch, file: string): Launch {
  const words = [launched.file, ...launched.args];
  const before = words.slice(0, words.length - launched.command.length);
  const command = ['sh', '-c', CARRY, file, ...launched.command];
  const [program = 'sh', ...args] = [...before, ...command];
  return { ...launched, file: program, args, command };
}

export interface ResultFile {
  take(bytes: Buffer): void;
  read(): Result;
}

/** What the file says: the number that decides, or why there is none; and its other numbers. */
export interface Result {
  value: number | null;
  /** One sentence without its end; empty where there is a value. */
  missing: string;
  /** Finite numbers by their dotted keys, at most 30; without the one that decides. */
  reported: Record<string, number>;
}

/** Collects the bytes of `file` in bounded memory, whoever sends them, and finds the number at `key`. */
export function collectResult(file: string, key: string): ResultFile {
  const chunks: Buffer[] = [];
  let size = 0;
  return {
    take(bytes) {
      if (size <= MAX_BYTES) chunks.push(bytes.subarray(0, MAX_BYTES + 1 - size));
      size += bytes.length;
    },
    read() {
      const nothing = (missing: string): Result => ({ value: null, missing, reported: {} });
      if (size === 0) return nothing(`ended without writing ${file} below $TMPDIR (AUTORESEARCH_RESULT)`);
      if (size > MAX_BYTES) return nothing(`wrote more than ${MAX_BYTES} bytes to ${file}`);
      const parsed = parseJson(Buffer.concat(chunks).toString());
      return 'problem' in parsed
        ? nothing(`wrote no JSON to ${file}: ${parsed.problem}`)
        : readKey(parsed.value, file, key);
    },
  };
}

function parseJson(text: string): { value: unknown } | { problem: string } {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return { problem: (error as Error).message };
  }
}

function readKey(root: unknown, file: string, key: string): Result {
  const { [key]: _, ...reported } = Object.fromEntries(numbersIn(root).slice(0, MAX_REPORTED + 1));
  const nothing = (missing: string): Result => ({ value: null, missing, reported });
  let value = root;
  let place = file;
  for (const name of key.split('.')) {
    const children = childrenOf(value);
    const child = children.find(([own]) => own === name);
    if (!child) {
      const found = children.map(([own]) => own).join(', ') || kindOf(value);
      return nothing(
        `wrote no ${key} to ${file}: expected ${name} in ${place}, found ${found.slice(0, 200)}`,
      );
    }
    value = child[1];
    place = place === file ? name : `${place}.${name}`;
  }
  if (typeof value === 'number') return { value, missing: '', reported };
  return nothing(`expected a number at ${key} of ${file}, found ${kindOf(value)}`);
}

/** What lies in an object by name, or in a list by index; nothing for anything else. */
function childrenOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}

/** The finite numbers below `value` by dotted key, in the order of the file. A file may be a thousand brackets deep. */
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
