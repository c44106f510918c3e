/**
 * Elements that are known to be there. Two functions do the same, because V8 compiles a function for the kinds of arrays that it has
 * met: with one for all arrays, the loops over mixtures take twice as long (`node bench/gate.ts`).
 */

/** Element of a vector or of a table. */
export function at(values: readonly number[], index: number): number {
  return values[index] as number;
}

/** What is known of part j of a mixture, by weights, effects or variances; also the weight of world j. */
export function part(values: readonly number[], j: number): number {
  return values[j] as number;
}
