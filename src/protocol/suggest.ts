/** "Did you mean …": the nearest of the known words. */
import { closest, distance } from 'fastest-levenshtein';

/** The known word nearest to `word`, or null where none is near enough to be a slip of the hand. */
export function suggest(word: string, known: readonly string[]): string | null {
  if (known.length === 0) return null;
  const best = closest(word.toLowerCase(), known);
  return distance(word.toLowerCase(), best) <= Math.max(1, Math.floor(best.length / 3)) ? best : null;
}
