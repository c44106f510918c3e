/** Which constants are worth tuning, and which values are one step away from the current one. */
import type { Constant } from './constants.ts';

/** `size` is an exponent of two: 1 doubles or halves, 0.5 is a factor of 1.41, 0.25 is a factor of 1.19. */
export interface Step {
  direction: 1 | -1;
  size: 1 | 0.5 | 0.25;
}

/** Constants that identify, limit or observe a run and do not affect training. */
const NOT_TUNABLE = words(
  'seed seeds port version eval evaluation val valid validation test vocab tokenizer budget timeout time seconds ' +
    'minutes log logging print verbose debug workers threads cache id rank world flops save checkpoint ckpt year ' +
    'shard shards download retries pad bos eos ignore deterministic profile',
);

/** Ranks by importance for training. The first row that shares a word with the name decides. */
const RANKS: [number, Set<string>][] = [
  [3, words('warmdown cooldown warmup decay frac fraction final min')],
  [0, words('lr learning')],
  [1, words('batch')],
  [2, words('depth layer layers width dim embd embed hidden aspect')],
  [4, words('momentum beta betas beta1 beta2 dropout')],
  [6, words('head heads eps epsilon seq context window')],
];
const OTHER_RANK = 5;

/** Sizes, which cost time and memory in every training step. */
const SIZES = words(
  'batch depth layer layers width dim embd embed hidden aspect head heads seq context window block',
);

const FRACTIONS = words(
  'ratio frac fraction beta betas beta1 beta2 momentum dropout prob probability p ema warmup warmdown cooldown smoothing',
);

/** With a budget of up to this, a bigger model or batch may not finish a single step. */
const SHORT_BUDGET_SECONDS = 60;

/** Whether this constant is worth tuning. */
export function isTunable({ name, value, notation }: Constant): boolean {
  if (shares(name, NOT_TUNABLE)) return false;
  return (
    Number.isFinite(value) && (value !== 0 || notation === 'boolean' || isFraction({ name, value, notation }))
  );
}

/** Lower ranks are tried first; the first is 0. */
export function rankOf(constant: Constant): number {
  return RANKS.find(([, names]) => shares(leaf(constant.name), names))?.[0] ?? OTHER_RANK;
}

/** The direction to try first: down for sizes, so that more steps fit into the budget, and up for the rest. */
export function firstDirection(constant: Constant): 1 | -1 {
  return isSize(constant) ? -1 : 1;
}

/** The value one step away, with the same sign; null if the step changes nothing, leaves the range, or is too large for a short budget. */
export function stepped(constant: Constant, step: Step, budgetSeconds: number): number | null {
  if (isSize(constant) && step.direction > 0 && budgetSeconds <= SHORT_BUDGET_SECONDS) {
    if (step.size > 0.5 || constant.notation === 'power') return null;
  }
  if (constant.value < 0) {
    const opposite = stepped({ ...constant, value: -constant.value }, step, budgetSeconds);
    return opposite === null ? null : -opposite;
  }
  const value = target(constant, step);
  return value === constant.value || !Number.isFinite(value) || value < 0 ? null : value;
}

function target(constant: Constant, { direction, size }: Step): number {
  const { value, notation } = constant;
  const factor = 2 ** (direction * size);
  if (notation === 'boolean') return size === 1 && direction === (value === 0 ? 1 : -1) ? 1 - value : value;
  if (notation === 'power' || isOfHeads(constant))
    return size === 1 && Number.isInteger(value * factor) ? value * factor : value;
  if (isFraction(constant)) return fraction(value, direction, size);
  if (notation === 'int') return Math.max(1, roundedInteger(constant, value * factor));
  return significant(value * factor);
}

/** Multiplies the odds v / (1 − v): 0.95 moves to 0.974 or 0.905, and no value leaves the range from 0 to 1. */
function fraction(value: number, direction: 1 | -1, size: number): number {
  if (value === 0) return direction > 0 ? 0.1 * size : 0;
  if (value === 1) return direction < 0 ? 1 - 0.1 * size : 1;
  const odds = (value / (1 - value)) * 2 ** (direction * size);
  const moved = odds / (1 + odds);
  return moved < 0.9 ? significant(moved) : Number((1 - significant(1 - moved)).toPrecision(10));
}

/** Sizes keep most of the power of two that divides them, which suits hardware and attention heads; other counts get two digits. */
function roundedInteger(constant: Constant, value: number): number {
  if (Number.isInteger(value)) return value;
  if (!isSize(constant)) return value < 100 ? Math.round(value) : significant(value);
  let grain = 1;
  while (constant.value % (grain * 2) === 0 && grain * 8 <= constant.value) grain *= 2;
  return Math.round(value / grain) * grain;
}

function significant(value: number): number {
  return Number(value.toPrecision(2));
}

function isFraction({ name, value, notation }: Pick<Constant, 'name' | 'value' | 'notation'>): boolean {
  if (notation !== 'float' || value < 0 || value > 1) return false;
  // A value just below 1 is most likely the decay of a moving average, whatever its name.
  return (
    shares(leaf(name), FRACTIONS) || (value >= 0.9 && value < 1 && !shares(leaf(name), words('lr scale')))
  );
}

function isSize({ name, notation }: Constant): boolean {
  return (notation === 'int' || notation === 'power') && shares(leaf(name), SIZES);
}

/** Whether attention heads divide another size by this: only a doubled or halved one is sure to fit. */
function isOfHeads({ name, notation }: Constant): boolean {
  return notation === 'int' && shares(leaf(name), words('head heads'));
}

function leaf(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

/** Whether one of the words in `name` (MATRIX_LR, batchSize, optimizer.lr) is in `set`. */
function shares(name: string, set: ReadonlySet<string>): boolean {
  return name.split(/[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])/).some(word => set.has(word.toLowerCase()));
}

function words(text: string): Set<string> {
  return new Set(text.split(' '));
}
