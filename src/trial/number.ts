/** Parses numbers as programs print them. */

/** Source of a case-insensitive regular expression without groups. */
export const NUMBER = String.raw`[-+]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?|nan|inf(?:inity)?)`;

const WHOLE = new RegExp(`^${NUMBER}$`, 'i');

/** The number in `text`, ignoring surrounding spaces; NaN for anything else. Unlike JavaScript, accepts Python's `nan` and `inf`. */
export function parseNumber(text: string): number {
  const trimmed = text.trim();
  if (!WHOLE.test(trimmed) || /nan/i.test(trimmed)) return Number.NaN;
  if (/inf/i.test(trimmed))
    return trimmed.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return Number(trimmed);
}
