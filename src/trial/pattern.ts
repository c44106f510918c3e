/** Looks for a contract's `metric.pattern` in a candidate's output, whatever the candidate prints. */
import { compilePattern } from '../protocol/pattern.ts';
import { parseNumber } from './number.ts';

/** Lines wait until there are so many characters of them: mostly the last one matches, and the others need no look. */
const BATCH_CHARACTERS = 16 * 1024;

export interface Search {
  take(line: string): void;
  /** The number in the last line that matches: NaN where the group holds none, null where no line matches. */
  last(): number | null;
}

/** Searches lines for a regular expression with one group, in bounded memory and linear time. Throws for any other expression. */
export function findLast(source: string): Search {
  const pattern = compilePattern(source);
  if (pattern.kind === 'problem')
    throw new Error(`Expected one group in metric.pattern: ${pattern.problem}.`);
  let lines: string[] = [];
  let characters = 0;
  let last: number | null = null;

  const look = () => {
    for (const line of lines.reverse()) {
      const found = pattern.find(line);
      if (found === null) continue;
      last = parseNumber(found);
      break;
    }
    lines = [];
    characters = 0;
  };
  return {
    take(line) {
      lines.push(line);
      characters += line.length + 1;
      if (characters >= BATCH_CHARACTERS) look();
    },
    last() {
      look();
      return last;
    },
  };
}
