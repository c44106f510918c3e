/** Numbers for people and programs that calculate with them. */

const LEAST_FIXED = 0.01;
const MOST_FIXED = 1e9;
const DIGITS = 6;

/** Six decimals at everyday sizes, six significant digits for any other: nothing but 0 reads as 0. */
export function exactNumber(value: number): string {
  const size = Math.abs(value);
  if (size === 0 || (size >= LEAST_FIXED && size < MOST_FIXED)) return value.toFixed(DIGITS);
  return value.toPrecision(DIGITS);
}
