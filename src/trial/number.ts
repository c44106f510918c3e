/** How programs write numbers. */

/** Source of a regular expression without groups, to be used without regard to case. It can match a text in one way only. */
export const NUMBER = String.raw`[-+]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?|nan|inf(?:inity)?)`;

const WHOLE = new RegExp(`^${NUMBER}$`, 'i');

/** The number that `text` is, spaces around it aside; NaN for anything else. Python writes `nan` and `inf`, which JavaScript does not read. */
export function parseNumber(text: string): number {
  const trimmed = text.trim();
  if (!WHOLE.test(trimmed) || /nan/i.test(trimmed)) return Number.NaN;
  if (/inf/i.test(trimmed))
    return trimmed.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return Number(trimmed);
}
