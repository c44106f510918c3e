/** Looks for a contract's `metric.pattern` in a candidate's output, whatever the candidate prints. */
import { createContext, Script } from 'node:vm';
import { parseNumber } from './number.ts';

/** Only so many characters of a line are looked at, from its beginning. */
const MAX_MATCHED = 4096;
/** Lines wait until there are so many characters of them: each look costs a fifth of a millisecond. */
const BATCH_CHARACTERS = 16 * 1024;
/**
 * What one look may take. An expression such as `(a+)+$` needs longer than the universe has for the wrong line of forty characters, and
 * as long as it is at it nothing else happens here, not even the timeout.
 */
const LOOK_MS = 2000;

/** From the last line to the first; the last that matches decides. A context of its own, as that is what can be interrupted. */
const LOOK = new Script(`
  (() => {
    for (let i = lines.length - 1; i >= 0; i--) {
      const match = expression.exec(lines[i]);
      if (match) return match[1] ?? '';
    }
    return null;
  })()
`);

export interface Search {
  take(line: string): void;
  /** The number in the last line that matches: NaN where the group holds none, null where no line matches. */
  last(): number | null;
  /** Why the search was given up; null where it was not. */
  problem(): string | null;
}

/** Searches lines for a regular expression with one group, in bounded memory and time. */
export function findLast(pattern: string): Search {
  const batch: { expression: RegExp; lines: string[] } = { expression: new RegExp(pattern), lines: [] };
  const context = createContext(batch);
  let characters = 0;
  let last: number | null = null;
  let problem: string | null = null;

  const look = () => {
    if (problem !== null || batch.lines.length === 0) return;
    try {
      const found: unknown = LOOK.runInContext(context, { timeout: LOOK_MS });
      if (typeof found === 'string') last = parseNumber(found);
    } catch (error) {
      if ((error as { code?: string }).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
      last = null;
      problem = `metric.pattern took longer than ${LOOK_MS / 1000} s on a few lines of the output, and was given up; an expression without repeats inside of repeats does not`;
    }
    batch.lines = [];
    characters = 0;
  };
  return {
    take(line) {
      if (problem !== null) return;
      batch.lines.push(line.slice(0, MAX_MATCHED));
      characters += Math.min(line.length, MAX_MATCHED) + 1;
      if (characters >= BATCH_CHARACTERS) look();
    },
    last() {
      look();
      return last;
    },
    problem: () => problem,
  };
}
