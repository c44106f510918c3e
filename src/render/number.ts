/** Numbers as people read them. */

/** A metric's value: four decimals for numbers of everyday size, else four significant digits. */
export function formatValue(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 0.01 || size >= 1e6)) return value.toPrecision(4);
  return value.toFixed(size >= 1000 ? 1 : 4);
}

/** A difference with its sign: `−0.0012`, `+0.0300`. */
export function formatDifference(difference: number): string {
  const text = formatValue(Math.abs(difference));
  if (Number(text) === 0) return `±${text}`;
  return `${difference < 0 ? '−' : '+'}${text}`;
}

/** A probability in words of percent: `3 %`, `under 0.1 %`. */
export function formatShare(share: number): string {
  if (share < 0.001) return 'under 0.1 %';
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
}

/** `95 s`, `12 min`, `3.4 h` */
export function formatSeconds(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}
