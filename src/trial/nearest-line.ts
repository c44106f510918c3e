/** For a candidate that printed no metric: the line that comes nearest, and a pattern that would read it. */
import { compilePattern } from '../protocol/pattern.ts';
import { suggest } from '../protocol/suggest.ts';
import { readPair } from './metric-line.ts';
import { NUMBER, parseNumber } from './number.ts';

const MAX_QUOTED = 120;
/** What people write between the words of a name: `val_loss`, `val loss`, `val/loss`. */
const BETWEEN = String.raw`[\s_./-]*`;
const FILLING = new RegExp(BETWEEN, 'g');
/** What stands between a name and its number: a colon or the like, or else anything without a digit. */
const GAPS = [String.raw`[^:=：\n]{0,30}[:=：]\s{0,20}`, String.raw`[^\d\n]{0,30}?`];
/** The gap, the number, its unit, and what comes next. */
const AFTER = GAPS.map(gap => new RegExp(String.raw`^(${gap})(?<!\w)(${NUMBER})([A-Za-zµ°]*)(.?)(\d?)`, 'i'));

export interface NearestLine {
  take(line: string): void;
  /** `the nearest line is …`, with a pattern if there is one that reads it; null if no line is near. */
  sentence(): string | null;
}

/** Keeps the last line that holds `name`, or else the last one that holds it in other letters, or else a name like it. */
export function findNearest(name: string): NearestLine {
  const squeezed = squeeze(name);
  let nearest: { line: string; likeness: number } | null = null;
  return {
    take(line) {
      const likeness = likenessOf(line, name, squeezed, nearest?.likeness ?? 1);
      if (likeness > 0) nearest = { line, likeness };
    },
    sentence() {
      if (nearest === null) return null;
      const { line } = nearest;
      const place = placeOf(line, name, squeezed);
      const pattern = place && patternFor(line, place.start, place.end);
      const reading =
        pattern === null ? '' : `, which \`pattern: ${inYaml(pattern)}\` under \`metric\` reads`;
      return `the nearest line is \`${excerpt(line, place?.start ?? 0)}\`${reading}`;
    },
  };
}

/** From 1, similar, to 3, the same; 0 if less than `least`. */
function likenessOf(line: string, name: string, squeezed: string, least: number): number {
  if (line.includes(name)) return 3;
  if (least <= 2 && squeezed !== '' && squeeze(line).includes(squeezed)) return 2;
  const pair = least <= 1 ? readPair(line) : null;
  return pair !== null && suggest(squeezed, [squeeze(pair.key)]) !== null ? 1 : 0;
}

function squeeze(text: string): string {
  return text.toLowerCase().replace(FILLING, '');
}

/** Where a line holds the name, or else a pair's key. */
function placeOf(line: string, name: string, squeezed: string): { start: number; end: number } | null {
  const letters = [...squeezed].map(escaped).join(BETWEEN);
  const match =
    new RegExp(escaped(name)).exec(line) ?? (letters === '' ? null : new RegExp(letters, 'i').exec(line));
  if (match) return { start: match.index, end: match.index + match[0].length };
  const key = readPair(line)?.key;
  if (key === undefined) return null;
  const start = line.indexOf(key);
  return { start, end: start + key.length };
}

/** A pattern that reads the number after a name in `line`; null if there is none, or if it is unclear where the number ends. */
function patternFor(line: string, start: number, end: number): string | null {
  const rest = line.slice(end);
  const after = AFTER.map(expression => expression.exec(rest)).find(match => match !== null);
  if (!after) return null;
  const [, gap = '', number = '', unit = '', next = '', digit = ''] = after;
  // `1,234`, `1.2.3`, `3/10`, `0x10`: more than a number and a unit.
  if (/^[.,_/:^*-]?\d$/.test(next + digit)) return null;
  const word = /[A-Za-z_]*$/.exec(line.slice(0, start))?.[0] ?? '';
  const name = line.slice(start - word.length, end);
  const boundary = /^\w/.test(name) && !/\w$/.test(line.slice(0, start - word.length)) ? String.raw`\b` : '';
  const pattern = `${boundary}${escaped(name + gap)}${groupBefore(unit, next)}`;
  const compiled = compilePattern(pattern);
  const read = compiled.kind === 'pattern' ? parseNumber(compiled.find(line) ?? '') : null;
  return read !== null && Number.isFinite(read) && read === parseNumber(number) ? pattern : null;
}

/** The group, and the unit after it, which may not change. */
function groupBefore(unit: string, next: string): string {
  if (unit !== '') return String.raw`(\S+?)${escaped(unit)}`;
  return /\S/.test(next) ? String.raw`([^\s${escaped(next)}]+)` : String.raw`(\S+)`;
}

function escaped(text: string): string {
  return text
    .replace(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`)
    .replace(/\s+/g, blanks => (blanks === ' ' ? ' ' : String.raw`\s+`));
}

function inYaml(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** The part of a line around `start`. */
function excerpt(line: string, start: number): string {
  const from = start + MAX_QUOTED / 2 < MAX_QUOTED ? 0 : start - MAX_QUOTED / 4;
  const text = line.slice(from, from + MAX_QUOTED).trim();
  return `${from > 0 ? '…' : ''}${text}${from + MAX_QUOTED < line.length ? '…' : ''}`;
}
