/** Hidden JSON in texts that the App writes on GitHub: `<!-- autoresearch:<name> {…} -->`. */
import type { z } from 'zod';

export type MarkerName = 'campaign' | 'experiment' | 'promotion' | 'trial' | 'reply' | 'denial' | 'notice';

/** GitHub's limit for bodies, in characters. */
export const MAX_BODY = 65_536;

/**
 * A marker as one line of HTML comment. `<`, `>`, `&`, `@` and `#` only occur inside JSON strings and are escaped, so that no text can
 * end the comment, notify anyone or refer to an issue.
 */
export function writeMarker(name: MarkerName, value: unknown): string {
  const json = JSON.stringify(value).replace(
    /[<>&@#]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `<!-- autoresearch:${name} ${json} -->`;
}

/** A marker that can be read back: throws if `value` does not match the schema, which is a programming error. */
export function writeStored<T>(name: MarkerName, value: T, schema: z.ZodType<T>): string {
  // JSON turns infinite numbers into null.
  return writeMarker(name, schema.parse(JSON.parse(JSON.stringify(value))));
}

/** Number of parsed bodies to remember for each schema. */
const REMEMBERED = 200;
/** Parsed markers by body, because most bodies do not change between two looks. Least recently used first. */
const remembered = new WeakMap<z.ZodType, Map<string, unknown>>();

/**
 * The value of the last marker, checked against its schema; null if it is missing, unreadable or of another name. Callers share the
 * object and must not change it.
 */
export function readMarker<T>(
  name: MarkerName,
  body: string | null | undefined,
  schema: z.ZodType<T>,
): T | null {
  const text = body ?? '';
  // The App writes its marker last and escapes every `<` in it, so no text before it can reach into it.
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
