/** Searches a candidate's output for the contract's `metric.pattern`, in bounded time whatever the output is. */
import { createContext, Script } from 'node:vm';
import { parseNumber } from './number.ts';

/** Only this many characters at the beginning of a line are searched. */
const MAX_MATCHED = 4096;
/** Lines are searched in batches of this many characters, because every search costs 0.2 ms. */
const BATCH_CHARACTERS = 16 * 1024;
/**
 * Time limit of one search. An expression such as `(a+)+$` can take exponentially long on a line of forty characters, and blocks everything
 * else meanwhile, even the trial's timeout.
 */
const SEARCH_MS = 2000;

/** Searches from the last line to the first. It runs in a context of its own, because only that can be interrupted. */
const SEARCH = new Script(`
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
  /** The number in the last line that matches: NaN if the group is not a number, null if no line matches. */
  last(): number | null;
  /** Why the search was given up; null if it was not. */
  problem(): string | null;
}

/** Searches lines for a regular expression with one group, in bounded memory and time. */
export function findLast(pattern: string): Search {
  const batch: { expression: RegExp; lines: string[] } = { expression: new RegExp(pattern), lines: [] };
  const context = createContext(batch);
  let characters = 0;
  let last: number | null = null;
  let problem: string | null = null;

  const search = () => {
    if (problem !== null || batch.lines.length === 0) return;
    try {
      const found: unknown = SEARCH.runInContext(context, { timeout: SEARCH_MS });
      if (typeof found === 'string') last = parseNumber(found);
    } catch (error) {
      if ((error as { code?: string }).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
      last = null;
      problem = `the search for metric.pattern took longer than ${SEARCH_MS / 1000} s; avoid nested repeats such as (a+)+ in the expression`;
    }
    batch.lines = [];
    characters = 0;
  };
  return {
    take(line) {
      if (problem !== null) return;
      batch.lines.push(line.slice(0, MAX_MATCHED));
      characters += Math.min(line.length, MAX_MATCHED) + 1;
      if (characters >= BATCH_CHARACTERS) search();
    },
    last() {
      search();
      return last;
    },
    problem: () => problem,
  };
}
