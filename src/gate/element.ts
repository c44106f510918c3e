/**
 * Array elements that are known to exist. Two functions do the same: V8 optimises a function for the kinds of arrays that it is called with,
 * and with one function for all arrays the loops over mixtures take twice as long (`node bench/gate.ts`).
 */

/** An element of a vector or of a table. */
export function at(values: readonly number[], index: number): number {
  return values[index] as number;
}

/** The weight, effect or variance of part j of a mixture, or the weight of world j. */
export function part(values: readonly number[], j: number): number {
  return values[j] as number;
}
