/** Searches for a bar: the point above which a condition holds, and below which it does not. */

/**
 * The first of the distances 1, growth, growth², … for which `found` is true. If there is none up to `farthest`, the first one beyond it.
 */
export function reach(found: (distance: number) => boolean, growth: number, farthest: number): number {
  let distance = 1;
  while (distance <= farthest && !found(distance)) distance *= growth;
  return distance;
}

/** The bar between `low` and `high`, at most `precision` too high: the condition holds there if it holds at `high`. */
export function bisect(holds: (x: number) => boolean, low: number, high: number, precision: number): number {
  let [below, above] = [low, high];
  while (above - below > precision) {
    const middle = (below + above) / 2;
    if (holds(middle)) above = middle;
    else below = middle;
  }
  return above;
}
