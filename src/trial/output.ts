/** Reads a candidate's output: its score, its summary block, and the last lines for a crash report. */
import { isMeasurable } from '../protocol/measurement.ts';
import { logPrefix } from './log-prefix.ts';
import { type Reading, readMetric, readPair } from './metric-line.ts';
import { findNearest } from './nearest-line.ts';
import { findLast } from './pattern.ts';

/** Enough for any traceback, and bounded however much a candidate prints. */
const TAIL_CHARACTERS = 16_000;
/** Only this many characters at the beginning of a line are searched for numbers. */
const MAX_MATCHED = 4096;
const MAX_REPORTED = 30;
const SUMMARY = /(?:^|[^-])---\s*$/;

export interface Output {
  take(line: string): void;
  /** The last score, found by the pattern or as `<metric>: <number>`. May be NaN or infinite; null if there is none. */
  metric(): Reading | null;
  /** For an output without a score: the line that comes nearest, as the end of a sentence; null if there is none. */
  nearest(): string | null;
  /** The first 30 finite numbers `key: number` after the last line `---`. */
  reported(): Record<string, number>;
  /** The last `<name>: <number>` for one of the other names, which may be NaN; undefined if there is none. */
  other(name: string): number | undefined;
  /** The last lines. */
  tail(): readonly string[];
}

/**
 * Collects output line by line in bounded memory. With `pattern`, the score is its only group in the last line that matches.
 * @param otherNames of numbers to look for beside the score
 */
export function collectOutput(
  metricName: string,
  pattern?: string,
  otherNames: readonly string[] = [],
): Output {
  const search = pattern === undefined ? null : findLast(pattern);
  const tail = keepTail();
  const near = findNearest(metricName);
  let metric: Reading | null = null;
  let reported = new Map<string, number>();
  let inSummary = false;
  const others = new Map<string, number>();

  return {
    take(whole) {
      tail.take(whole);
      const line = whole.slice(0, MAX_MATCHED);
      search?.take(line);
      const found = readMetric(line, metricName);
      metric = found ?? metric;
      if (metric === null || search) near.take(line);
      for (const name of otherNames) {
        const other = readMetric(line, name);
        if (other) others.set(name, other.value);
      }
      const { length } = logPrefix(line);
      // A prefix ends with any number of dashes.
      if (length === line.length && SUMMARY.test(line)) {
        inSummary = true;
        reported = new Map();
      }
      if (!inSummary || reported.size >= MAX_REPORTED) return;
      const pair = readPair(line) ?? readPair(line.slice(length));
      if (pair !== null && pair.key !== metricName && isMeasurable(pair.value))
        reported.set(pair.key, pair.value);
    },
    metric: () => (search ? search.last() : metric),
    nearest: near.sentence,
    reported: () => Object.fromEntries(reported),
    other: name => others.get(name),
    tail: tail.lines,
  };
}

/** Keeps the last lines. They are trimmed when there are twice too many characters, because every trim copies what stays. */
function keepTail(): { take(line: string): void; lines(): readonly string[] } {
  let lines: string[] = [];
  let characters = 0;
  const sizeOf = (index: number) => (lines[index]?.length ?? 0) + 1;
  const trim = () => {
    let first = lines.length - 1;
    characters = sizeOf(first);
    while (first > 0 && characters + sizeOf(first - 1) <= TAIL_CHARACTERS) characters += sizeOf(--first);
    lines = lines.slice(first);
  };
  return {
    take(line) {
      const end = line.slice(-TAIL_CHARACTERS);
      lines.push(end);
      characters += end.length + 1;
      if (characters > 2 * TAIL_CHARACTERS) trim();
    },
    lines() {
      if (characters > TAIL_CHARACTERS) trim();
      return lines;
    },
  };
}
