/** Searches a candidate's output for the contract's `metric.pattern`, in bounded memory and linear time. */
import { compilePattern } from '../protocol/pattern.ts';
import type { Reading } from './metric-line.ts';
import { parseValue } from './number.ts';

/** Lines are searched in batches of this many characters: usually the last line matches, and the others need not be searched. */
const BATCH_CHARACTERS = 16 * 1024;

export interface Search {
  take(line: string): void;
  /** What the group holds in the last line that matches; null if no line matches. */
  last(): Reading | null;
}

/** Searches lines for a regular expression with one group. Throws if `source` is not one. */
export function findLast(source: string): Search {
  const pattern = compilePattern(source);
  if (pattern.kind === 'problem')
    throw new Error(`Expected one group in metric.pattern: ${pattern.problem}.`);
  let lines: string[] = [];
  let characters = 0;
  let last: Reading | null = null;

  const search = () => {
    for (const line of lines.reverse()) {
      const found = pattern.find(line);
      if (found === null) continue;
      last = { text: found, value: parseValue(found) ?? Number.NaN };
      break;
    }
    lines = [];
    characters = 0;
  };
  return {
    take(line) {
      lines.push(line);
      characters += line.length + 1;
      if (characters >= BATCH_CHARACTERS) search();
    },
    last() {
      search();
      return last;
    },
  };
}
