/** "Did you mean …": the known word nearest to a typo. */
import { closest, distance } from 'fastest-levenshtein';

/** The known word nearest to `word`; null if none is near enough for a typo. */
export function suggest(word: string, known: readonly string[]): string | null {
  if (known.length === 0) return null;
  const best = closest(word.toLowerCase(), known);
  return distance(word.toLowerCase(), best) <= Math.max(1, Math.floor(best.length / 3)) ? best : null;
}
