/** What a candidate's output says: its number, its summary block, and the end that people want to read after a crash. */
import { isMeasurable } from '../protocol/measurement.ts';
import { NUMBER, parseNumber } from './number.ts';
import { findLast } from './pattern.ts';

/** Enough for any traceback, and a bound on what a talkative candidate costs us. */
const TAIL_CHARACTERS = 16_000;
/** Of a line only the beginning is matched against anything. */
const MAX_MATCHED = 4096;
const MAX_REPORTED = 30;
const PAIR = new RegExp(String.raw`^([A-Za-z_][\w .%/-]{0,39}):\s*(${NUMBER})\s*$`, 'i');

export interface Output {
  take(line: string): void;
  /** The last number found: by the pattern, or as `<metric>: <number>`; NaN and infinities included; null for none. */
  metric(): number | null;
  /** The finite numbers `key: number` after the last line `---`, at most 30, first come. */
  reported(): Record<string, number>;
  /** The last lines. */
  tail(): readonly string[];
}

/** Collects output line by line, in bounded memory. With `pattern`, the number is its only group, in the last line that matches. */
export function collectOutput(metricName: string, pattern?: string): Output {
  const search = pattern === undefined ? null : findLast(pattern);
  const tail = keepTail();
  let metric: number | null = null;
  let reported = new Map<string, number>();
  let inSummary = false;

  return {
    take(whole) {
      tail.take(whole);
      const line = whole.slice(0, MAX_MATCHED);
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
      if (inSummary && isMeasurable(value) && reported.size < MAX_REPORTED) reported.set(key, value);
    },
    metric: () => (search ? search.last() : metric),
    reported: () => Object.fromEntries(reported),
    tail: tail.lines,
  };
}

/** The last lines, of TAIL_CHARACTERS together; they are cut when there are twice as many, as each cut moves all that stay. */
function keepTail(): { take(line: string): void; lines(): readonly string[] } {
  let lines: string[] = [];
  let characters = 0;
  const sizeOf = (index: number) => (lines[index]?.length ?? 0) + 1;
  const cut = () => {
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
      if (characters > 2 * TAIL_CHARACTERS) cut();
    },
    lines() {
      if (characters > TAIL_CHARACTERS) cut();
      return lines;
    },
  };
}
