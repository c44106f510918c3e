/** Numbers as people read them. */
import { isBetter } from '../gate/better.ts';

/** Sizes of a value that is written out. */
const LEAST_FIXED = 1e-5;
const MOST_FIXED = 1e9;

/** A metric's value: four decimals at everyday sizes, four significant digits for the small, and such as `1.500e-7` for the very small. */
export function formatValue(value: number): string {
  return fixed(value, value);
}

/** `value` with as many decimals as `reference` calls for. */
function fixed(value: number, reference: number): string {
  const size = Math.abs(reference || value);
  if (value === 0 && size !== 0 && size < LEAST_FIXED) return '0';
  return size !== 0 && (size < LEAST_FIXED || size >= MOST_FIXED)
    ? value.toExponential(3)
    : value.toFixed(decimalsOf(size));
}

/** A value that was projected from a learning curve instead of measured. */
export function formatProjection(value: number): string {
  return `≈ ${formatValue(value)}`;
}

/** A signed difference with as many decimals as `reference`, the value it is compared with: `−0.0012`. */
export function formatDifference(difference: number, reference: number): string {
  const text = fixed(Math.abs(difference), reference);
  if (Number(text) === 0) return `±${text}`;
  return `${difference < 0 ? '−' : '+'}${text}`;
}

/** How `value` compares with `reference`: `0.0012 better than`, `0.0012 worse than`, or `equal to` where no shown digit differs. */
export function formatComparison(value: number, reference: number, goal: 'minimize' | 'maximize'): string {
  const text = fixed(Math.abs(value - reference), reference);
  if (Number(text) === 0) return 'equal to';
  return `${text} ${isBetter(value, reference, goal) ? 'better' : 'worse'} than`;
}

function decimalsOf(value: number): number {
  const size = Math.abs(value);
  if (size >= 1000) return 1;
  if (size >= 0.01 || size === 0) return 4;
  return 3 - Math.floor(Math.log10(size));
}

/** A standard deviation or tolerance: two significant digits, such as `0.20`, `0.00031` or `5.1e-7`. */
export function formatNoise(deviation: number): string {
  if (deviation === 0) return '0';
  if (deviation < 1e-4) return deviation.toExponential(1);
  return deviation < 100 ? deviation.toPrecision(2) : String(Number(deviation.toPrecision(2)));
}

/** A probability or share in percent: `3.4%`, `99%`, `under 0.1%`, `over 99.9%`. */
export function formatShare(share: number): string {
  if (share < 0.001) return 'under 0.1%';
  if (share > 0.999) return 'over 99.9%';
  return `${(share * 100).toFixed(share < 0.1 || share > 0.99 ? 1 : 0)}%`;
}

/** Odds for something of this probability: `19 to 1`, `3 to 2`, `even`, `1 to 4`; from `under 1 to 999` to `over 999 to 1`. */
export function formatOdds(share: number): string {
  // A sum of rounded shares may be a little outside.
  const probability = Math.min(1, Math.max(0, share));
  const isFor = probability > 0.5;
  const ratio = isFor ? probability / (1 - probability) : (1 - probability) / probability;
  if (ratio > MOST_ODDS) return isFor ? `over ${MOST_ODDS} to 1` : `under 1 to ${MOST_ODDS}`;
  const [many, few] = oddsOf(ratio);
  if (many === few) return 'even';
  return isFor ? `${many} to ${few}` : `${few} to ${many}`;
}

/** How often ideas help: `about one idea in ten helps`, `about one idea in 15 helps`, `about 60% of ideas help`. */
export function formatOneIn(share: number): string {
  if (share > 0.5) return `about ${formatShare(share)} of ideas help`;
  if (share < 1 / MOST_ODDS) return `less than one idea in ${MOST_ODDS} helps`;
  const many = Math.round(1 / share);
  return `about one idea in ${NUMBERS[many] ?? many} helps`;
}

const NUMBERS = ['', '', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];

type Odds = [many: number, few: number];

const MOST_ODDS = 999;
/** As people say them. */
const SMALL_ODDS: Odds[] = [
  [1, 1],
  [5, 4],
  [3, 2],
  [2, 1],
  [5, 2],
  [3, 1],
  [7, 2],
  [4, 1],
];

/** @param ratio at least 1 */
function oddsOf(ratio: number): Odds {
  if (ratio >= 4.5) return [ratio < 20 ? Math.round(ratio) : Number(ratio.toPrecision(2)), 1];
  const distance = ([many, few]: Odds) => Math.abs(Math.log(many / few / ratio));
  return SMALL_ODDS.reduce((best, odds) => (distance(odds) < distance(best) ? odds : best));
}

/** A duration: `0.8 s`, `95 s`, `12 min`, `3.4 h`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

/** A point in time on a clock: `4:29`, `1:02:05`; below a minute `4.5 s`. */
export function formatClock(seconds: number): string {
  if (seconds < 59.5) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number) => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** Memory: `41 MB`, `1.5 GB`. */
export function formatMemory(megabytes: number): string {
  return megabytes < 1024
    ? `${Math.max(1, Math.round(megabytes))} MB`
    : `${(megabytes / 1024).toFixed(1)} GB`;
}

/** `1 trial`, `2 trials`. */
export function formatCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
