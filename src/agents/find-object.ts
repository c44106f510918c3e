/** Finds the object with an idea in what a model wrote, and repairs the slips that models make when they write JSON. */
import { JSONRepairError, jsonrepair } from 'jsonrepair';

export type FoundObject =
  /** `object` has the key `edits`. */
  { kind: 'object'; object: object } | { kind: 'problem'; problem: string };

/** Every try reads the rest of the answer, so an answer full of braces must not take minutes. */
const MOST_STARTS = 60;
const MOST_REPAIRS = 12;
const MOST_WRAPPERS = 4;
/** Marks by which models tell their thinking from their answer. */
const THOUGHT_ENDS =
  /<\/(?:think|thinking|thought|reasoning|analysis|seed:think)>|\[\/THINK\]|◁\/think▷|<\|END_THINKING\|>|<\|channel\|>final<\|message\|>/gi;
const EDITS = /edits/g;
/** A brace behind which a key follows, in whatever quotes. */
const STARTS = /\{(?=\s*(?:\\?["'“”„‘’`]|[A-Za-z_]\w*\s*:))/g;
const BACKSLASH = /\\(?:["\\/bfnrt'`]|u[\da-fA-F]{4})|\\/g;
const THREE_QUOTES = /(?<=[:,[(]\s*)("""|''')([\s\S]*?)\1/g;
const END = 'end of the answer';

/** The last object with `edits` in `text`: plain, in a fence, in prose, in a wrapper, or after thinking. */
export function findObject(text: string): FoundObject {
  const { thinking, answer } = splitThinking(text);
  const object = lastWithEdits(answer) ?? acrossMark(text, thinking);
  return object === null ? { kind: 'problem', problem: problemOf(answer) } : { kind: 'object', object };
}

/** What a model thought before it answered, and the answer. */
function splitThinking(text: string): { thinking: string; answer: string } {
  const last = [...text.matchAll(THOUGHT_ENDS)].at(-1);
  if (last === undefined) return { thinking: '', answer: text };
  return { thinking: text.slice(0, last.index), answer: text.slice(last.index + last[0].length) };
}

/** An answer may contain such a mark, in code that it changes. But an idea in the thinking was thought over again. */
function acrossMark(text: string, thinking: string): object | null {
  return thinking === '' || lastWithEdits(thinking) !== null ? null : lastWithEdits(text);
}

function lastWithEdits(text: string): object | null {
  const last = [...text.matchAll(EDITS)].at(-1)?.index;
  if (last === undefined) return null;
  const starts = [...text.slice(0, last).matchAll(STARTS)].slice(-MOST_STARTS).map(({ index }) => index);
  for (const start of starts.reverse()) {
    const end = closingBrace(text, start);
    const found = end === -1 ? null : ideaIn(parsed(text.slice(start, end + 1)));
    if (found !== null) return found;
  }
  for (const start of starts.slice(0, MOST_REPAIRS)) {
    const found = ideaIn(repaired(text.slice(start, text.lastIndexOf('}') + 1)));
    if (found !== null) return found;
  }
  // The whole answer as the text of a JSON string.
  return ideaIn(parsed(text.trim()));
}

/** The object with `edits` in a value: itself, or in a wrapper such as `{"experiment": …}` or `{"arguments": "…"}`. */
function ideaIn(value: unknown, depth = 0): object | null {
  if (depth > MOST_WRAPPERS) return null;
  if (typeof value === 'string')
    return value.includes('edits') ? ideaIn(parsed(value) ?? repaired(value), depth + 1) : null;
  if (typeof value !== 'object' || value === null) return null;
  if ('edits' in value) return value;
  for (const inner of Object.values(value).reverse()) {
    const found = ideaIn(inner, depth + 1);
    if (found !== null) return found;
  }
  return null;
}

/** Index of the brace that closes the object starting at `start`, ignoring braces inside strings; -1 if there is none. */
function closingBrace(text: string, start: number): number {
  let depth = 0;
  let inString = false;
  for (let i = start; i < text.length; i++) {
    const character = text[i];
    if (inString) {
      if (character === '\\') i++;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === '{') depth++;
    else if (character === '}' && --depth === 0) return i;
  }
  return -1;
}

/** The value of JSON; null if it is none. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The object of almost-JSON that its last brace closes; null if there is none, or if it is cut off, because then edits may be missing. */
function repaired(text: string): object | null {
  let end = text.length - 1;
  while (end > 0 && /[\s,]/.test(text[end - 1] ?? '')) end--;
  const open = prepared(text.slice(0, end));
  try {
    const object: unknown = JSON.parse(jsonrepair(`${open}, ${JSON.stringify(END)}: 0}`));
    if (typeof object !== 'object' || object === null || !(END in object)) return null;
    const { [END]: _, ...rest } = object as Record<string, unknown>;
    return rest;
  } catch {
    return null;
  }
}

/** The value of almost-JSON, such as a list of edits that was written as text; null if it cannot be repaired. */
export function repairedValue(text: string): unknown {
  try {
    return JSON.parse(jsonrepair(prepared(text)));
  } catch {
    return null;
  }
}

/** Keeps a backslash that escapes nothing, as in `\d`, and reads three quotes as Python does. */
function prepared(text: string): string {
  return text
    .replace(
      THREE_QUOTES,
      (_, __, inner: string) => `"${inner.replaceAll(/\\?"/g, '\\"').replaceAll(/\r?\n/g, '\\n')}"`,
    )
    .replace(BACKSLASH, found => (found.length === 1 ? '\\\\' : found));
}

/** Why there is no idea in the text, with the place. */
function problemOf(text: string): string {
  const [first] = [...text.matchAll(STARTS)];
  if (first === undefined) return 'expected one JSON object, found none';
  const end = text.lastIndexOf('}');
  const at = placeOf(text, first.index);
  if (end < first.index) return `the JSON object that starts at ${at} is not complete: no brace closes it`;
  const object = text.slice(first.index, end + 1);
  const value = parsed(object) ?? repaired(object);
  if (typeof value === 'object' && value !== null)
    return `expected an object with the keys title, hypothesis and edits, found ${Object.keys(value).slice(0, 8).join(', ') || 'no keys'}`;
  try {
    jsonrepair(prepared(object));
    return `the JSON object that starts at ${at} is not complete: its last brace closes an inner part`;
  } catch (error) {
    if (!(error instanceof JSONRepairError)) throw error;
    const where = first.index + Math.min(error.position, object.length - 1);
    const said = error.message.replace(/ at position \d+$/, '').toLowerCase();
    return `the JSON object that starts at ${at} cannot be read: ${said} at ${placeOf(text, where)}, near ${JSON.stringify(text.slice(Math.max(0, where - 20), where + 20))}`;
  }
}

function placeOf(text: string, index: number): string {
  const before = text.slice(0, index).split('\n');
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
}
