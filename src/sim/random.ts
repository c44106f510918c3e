/** The one source of chance in a simulation: the same seed gives the same numbers, on every machine. */

export interface Random {
  /** From 0 up to, not including, 1. */
  next(): number;
  chance(probability: number): boolean;
  between(low: number, high: number): number;
  /** Both ends included. */
  whole(low: number, high: number): number;
  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T;
  /** Normally distributed, mean 0 and deviation 1. */
  normal(): number;
  /** A source of its own, so that one part of a simulation drawing more numbers does not change what others draw. */
  fork(): Random;
}

/** Mulberry32, Tommy Ettinger's 32-bit generator: fast, and good enough to choose faults. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const whole = (low: number, high: number) => low + Math.floor(next() * (high - low + 1));
  return {
    next,
    whole,
    chance: probability => next() < probability,
    between: (low, high) => low + next() * (high - low),
    pick<T>(list: readonly T[]): T {
      if (list.length === 0) throw new RangeError('Expected something to pick from, found an empty list.');
      return list[whole(0, list.length - 1)] as T;
    },
    // Box and Muller; 1 - next() is never 0.
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    fork: () => createRandom(whole(0, 2 ** 32 - 1)),
  };
}
