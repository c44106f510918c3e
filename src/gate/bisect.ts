/** Looks for the point from which on a condition holds. It holds for everything above that point and for nothing below it. */

/**
 * The first of the distances 1, growth, growth², … at which `found` says yes. Where none up to `farthest` does, the first one beyond it,
 * which was not tried.
 */
export function reach(found: (distance: number) => boolean, growth: number, farthest: number): number {
  let distance = 1;
  while (distance <= farthest && !found(distance)) distance *= growth;
  return distance;
}

/** Halves the interval until it is at most `precision` wide; returns its upper end, where the condition holds if it holds at `high`. */
export function bisect(holds: (x: number) => boolean, low: number, high: number, precision: number): number {
  let [below, above] = [low, high];
  while (above - below > precision) {
    const middle = (below + above) / 2;
    if (holds(middle)) above = middle;
    else below = middle;
  }
  return above;
}
