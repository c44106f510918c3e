/** Reads numbers as programs print them. */

const DIGITS = [
  // Thousands separators where they can be nothing else: `1,234` may be a decimal comma.
  String.raw`\d{1,3}(?:(?:,\d{3}){2,}(?:\.\d*)?|,\d{3}\.\d*)`,
  String.raw`\d+(?:_\d+)*(?:\.\d*)?`,
  String.raw`\.\d+`,
].join('|');

/** Source of a case-insensitive regular expression without groups: `-1.5e-3`, `1_000`, `nan`, `inf`. */
export const NUMBER = String.raw`[-+−]?(?:(?:${DIGITS})(?:e[-+]?\d+)?|nan|inf(?:inity)?)`;

const WHOLE = new RegExp(`^${NUMBER}$`, 'i');
/** One number with its type around it: `tensor(1.2, device='cuda:0')`, `np.float64(1.2)`, `Array([1.2], dtype=float32)`. */
const TYPED =
  /^(?:\w+\.)*(?:tensor|array|devicearray|bfloat16|float\d*|u?int\d*|decimal)\(([^(),]*)(?:,[^()]*)?\)$/i;

/** The number in `text`, ignoring surrounding spaces; null for anything else. Unlike JavaScript, accepts Python's `nan` and `inf`. */
export function parseNumber(text: string): number | null {
  const trimmed = text.trim();
  if (!WHOLE.test(trimmed)) return null;
  const plain = trimmed.replace('−', '-').replace(/[_,]/g, '');
  if (/nan/i.test(plain)) return Number.NaN;
  if (/inf/i.test(plain)) return plain.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return Number(plain);
}

/** Like `parseNumber`, and also the number in `93.1%`, `tensor(1.2)` and the like. Other units may change with the number: 900 ms, 1.2 s. */
export function parseValue(text: string): number | null {
  const trimmed = text.trim();
  const inside = TYPED.exec(trimmed)?.[1];
  if (inside === undefined) return parseNumber(trimmed.replace(/\s?%$/, ''));
  return parseNumber(unwrap(unwrap(inside.trim(), '[]'), "''"));
}

function unwrap(text: string, [open = '', close = '']: string): string {
  return text.startsWith(open) && text.endsWith(close) && text.length > 1 ? text.slice(1, -1).trim() : text;
}
