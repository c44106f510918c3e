/** Hidden JSON in what the App writes on GitHub: `<!-- autoresearch:<name> {…} -->`. */
import type { z } from 'zod';

export type MarkerName = 'campaign' | 'experiment' | 'trial' | 'reply' | 'notice';

/** GitHub refuses bodies beyond this many characters. */
export const MAX_BODY = 65_536;

/**
 * One line of HTML comment. `<`, `>`, `&`, `@` and `#` can only stand inside JSON strings and are escaped, so that no
 * text can end the comment, notify anyone or refer to an issue.
 */
export function writeMarker(name: MarkerName, value: unknown): string {
  const json = JSON.stringify(value).replace(
    /[<>&@#]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `<!-- autoresearch:${name} ${json} -->`;
}

/** A marker that is read back for certain: what does not match its schema is a mistake of ours, and throws. */
export function writeStored<T>(name: MarkerName, value: T, schema: z.ZodType<T>): string {
  // JSON has no infinite numbers: they come back as null.
  return writeMarker(name, schema.parse(JSON.parse(JSON.stringify(value))));
}

/** So many bodies of each schema are remembered with what was read from them. */
const REMEMBERED = 200;
/** GitHub shows the same bodies at every look; what they hold is found again by the body itself. Least recently used first. */
const remembered = new WeakMap<z.ZodType, Map<string, unknown>>();

/**
 * The value of the last marker, checked against its schema; null where it is absent, unreadable or of another name. The same
 * body gives the same object, which nobody may change.
 */
export function readMarker<T>(
  name: MarkerName,
  body: string | null | undefined,
  schema: z.ZodType<T>,
): T | null {
  const text = body ?? '';
  // The App's own marker is the last thing it writes, and holds no `<`: whatever stands before it cannot reach into it.
  const match = /^<!-- autoresearch:(\w+) ([^<>]*) -->/.exec(
    text.slice(Math.max(0, text.lastIndexOf('<!-- autoresearch:'))),
  );
  if (match?.[1] !== name) return null;
  const known = remembered.get(schema) ?? new Map<string, unknown>();
  remembered.set(schema, known);
  const value = known.has(text) ? (known.get(text) as T | null) : parsed(match[2] ?? '', schema);
  known.delete(text);
  known.set(text, value);
  const [oldest] = known.keys();
  if (known.size > REMEMBERED && oldest !== undefined) known.delete(oldest);
  return value;
}

function parsed<T>(json: string, schema: z.ZodType<T>): T | null {
  try {
    const result = schema.safeParse(JSON.parse(json));
    return result.success ? result.data : null;
  } catch {
    return null;
  }
}
