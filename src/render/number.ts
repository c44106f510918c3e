/** Numbers as people read them. */

/** A metric's value: four decimals at everyday sizes, four significant digits for the very small. */
export function formatValue(value: number): string {
  return value.toFixed(decimalsOf(value));
}

/** A value that was not measured, only foretold. */
export function formatGuess(value: number): string {
  return `≈ ${formatValue(value)}`;
}

/** A difference between two values of the size of `reference`, with its sign and their decimals: `−0.0012`. */
export function formatDifference(difference: number, reference: number): string {
  const text = Math.abs(difference).toFixed(decimalsOf(reference));
  if (Number(text) === 0) return `±${text}`;
  return `${difference < 0 ? '−' : '+'}${text}`;
}

function decimalsOf(value: number): number {
  const size = Math.abs(value);
  if (size >= 1000) return 1;
  if (size >= 0.01 || size === 0) return 4;
  return Math.min(12, 3 - Math.floor(Math.log10(size)));
}

/** A standard deviation: two significant digits. */
export function formatNoise(deviation: number): string {
  return String(Number(deviation.toPrecision(2)));
}

/** A probability in words of percent: `3 %`, `under 0.1 %`. */
export function formatShare(share: number): string {
  if (share < 0.001) return 'under 0.1 %';
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
}

/** `0.8 s`, `95 s`, `12 min`, `3.4 h` */
export function formatSeconds(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}
