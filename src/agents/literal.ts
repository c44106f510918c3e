/** Numbers and booleans as they are written in code and configuration, and new values in the notation of the old ones. */

/** How a value is written. `power` is `2**k`, `1 << k`, or a number from 16 up that is a power of two, usually for a reason. */
type Notation = 'int' | 'float' | 'power' | 'boolean';

export interface Literal {
  written: string;
  /** 0 and 1 for booleans. */
  value: number;
  notation: Notation;
}

const DIGITS = String.raw`\d(?:_?\d)*`;
const NUMBER = String.raw`(?:${DIGITS}(?:\.(?:${DIGITS})?)?|\.${DIGITS})(?:[eE][+-]?\d+)?`;
/** The type of a number, as Rust and C write it behind: `0.1_f32`, `8usize`. */
const SUFFIX = `(?:_?(?:[iuf](?:8|16|32|64|128)|[iu]size))?`;
const LITERAL = new RegExp(
  String.raw`^(?<written>(?:True|False|true|false)|[-+]?${NUMBER}(?:\s*(?:\*\*|\*|<<)\s*${NUMBER})*)${SUFFIX}$`,
);

/** The literal that `text` is, apart from the type of a number; null if it is anything else. */
export function readLiteral(text: string): Literal | null {
  const written = LITERAL.exec(text)?.groups?.written;
  if (written === undefined) return null;
  if (/^(true|false)$/i.test(written))
    return { written, value: /^t/i.test(written) ? 1 : 0, notation: 'boolean' };
  const value = evaluate(written);
  return Number.isFinite(value) ? { written, value, notation: notationOf(written, value) } : null;
}

function notationOf(written: string, value: number): Notation {
  if (/^2\s*\*\*\s*\d+$|^1\s*<<\s*\d+$/.test(written)) return 'power';
  if (!/^[-\d_\s*<]+$/.test(written)) return 'float';
  return value >= 16 && Number.isInteger(Math.log2(value)) ? 'power' : 'int';
}

/** A product of powers: `64 * 1024`, `2**19`, `1 << 19`. */
function evaluate(written: string): number {
  const sign = written.startsWith('-') ? -1 : 1;
  const bare = written.replace(/^[-+]/, '').replaceAll('_', '');
  const [first = '', ...shifts] = bare.split('<<');
  const factors = first.split(/(?<!\*)\*(?!\*)/).map(factor => {
    const [base = Number.NaN, ...exponents] = factor.split('**').map(Number);
    // Powers associate to the right.
    return exponents.length === 0 ? base : base ** exponents.reduceRight((power, next) => next ** power);
  });
  const product = factors.reduce((value, factor) => value * factor, 1);
  return sign * shifts.reduce((value, by) => value * 2 ** Number(by), product);
}

/** `value` in the literal's notation: `2**17` after `2**16`, `128 * 1024` after `64 * 1024`, `2e-3` after `1e-3`, `2_000` after `1_000`. */
export function formatValue({ written, notation }: Literal, value: number): string {
  if (notation === 'boolean')
    return written.startsWith('T') || written.startsWith('F') ? pythonBoolean(value) : String(value === 1);
  const power = /^(2\s*\*\*\s*|1\s*<<\s*)\d+$/.exec(written)?.[1];
  if (power !== undefined && Number.isInteger(Math.log2(value))) return power + Math.log2(value);
  return formatProduct(written, value) ?? formatNumber(written, notation, value);
}

/** Changes the first factor of a product, if the others are whole numbers that divide the new value. */
function formatProduct(written: string, value: number): string | null {
  const [, first = '', others = ''] = /^([-\d_.eE]+)(\s*\*(?!\*).*)$/.exec(written) ?? [];
  const literal = readLiteral(first);
  const rest = evaluate(written) / (literal?.value ?? Number.NaN);
  if (literal === null || !Number.isFinite(rest) || others.includes('<<')) return null;
  const factor = value / rest;
  if (literal.notation !== 'float' && !Number.isInteger(factor)) return null;
  return formatNumber(first, literal.notation, Number(factor.toPrecision(12))) + others;
}

function formatNumber(written: string, notation: Notation, value: number): string {
  if (notation !== 'float') {
    const digits = String(value);
    return written.includes('_') ? digits.replace(/\B(?=(\d{3})+$)/g, '_') : digits;
  }
  const point = (digits: string) => (/\./.test(written) && !digits.includes('.') ? `${digits}.0` : digits);
  if (!/e/i.test(written)) return point(decimal(value));
  const [mantissa = '', exponent = ''] = value.toExponential().split('e');
  return `${point(mantissa)}e${exponent.replace('+', '')}`;
}

function pythonBoolean(value: number): string {
  return value === 1 ? 'True' : 'False';
}

/** Never has an exponent, because some YAML parsers read `5e-5` as text. */
function decimal(value: number): string {
  const digits = String(value);
  return digits.includes('e') ? value.toFixed(20).replace(/0+$/, '') : digits;
}
