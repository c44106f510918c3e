/** Reads a candidate's output: its score, its summary block, and the last lines for a crash report. */
import { NUMBER, parseNumber } from './number.ts';
import { findLast } from './pattern.ts';

/** Enough for any traceback, and bounded however much a candidate prints. */
const TAIL_CHARACTERS = 16_000;
const MAX_REPORTED = 30;
const PAIR = new RegExp(String.raw`^([A-Za-z_][\w .%/-]{0,39}):\s*(${NUMBER})\s*$`, 'i');

export interface Output {
  take(line: string): void;
  /** The last score, found by the pattern or as `<metric>: <number>`. May be NaN or infinite; null if there is none. */
  metric(): number | null;
  /** Why the search for the pattern was given up; null if it was not. */
  problem(): string | null;
  /** The first 30 finite numbers `key: number` after the last line `---`. */
  reported(): Record<string, number>;
  /** The last lines. */
  tail(): readonly string[];
}

/** Collects output line by line in bounded memory. With `pattern`, the score is its only group in the last line that matches. */
export function collectOutput(metricName: string, pattern?: string): Output {
  const search = pattern === undefined ? null : findLast(pattern);
  const lines: string[] = [];
  let characters = 0;
  let metric: number | null = null;
  let reported = new Map<string, number>();
  let inSummary = false;

  const keep = (line: string) => {
    lines.push(line.slice(-TAIL_CHARACTERS));
    characters += line.length + 1;
    while (characters > TAIL_CHARACTERS && lines.length > 1) characters -= (lines.shift()?.length ?? 0) + 1;
  };
  return {
    take(line) {
      keep(line);
      search?.take(line);
      if (line.trimEnd() === '---') {
        inSummary = true;
        reported = new Map();
        return;
      }
      const pair = PAIR.exec(line);
      const [, key, text] = pair ?? [];
      if (key === undefined || text === undefined) return;
      const value = parseNumber(text);
      if (key === metricName) metric = value;
      if (inSummary && Number.isFinite(value) && reported.size < MAX_REPORTED) reported.set(key, value);
    },
    metric: () => (search ? search.last() : metric),
    problem: () => search?.problem() ?? null,
    reported: () => Object.fromEntries(reported),
    tail: () => lines,
  };
}
