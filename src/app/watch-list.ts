/** The places that are watched, with one loop each. */
import type { Loop } from '../controller/loop.ts';
import { isSame, nameOf, type Place } from './places.ts';

export interface WatchList {
  /** The loop of a place; undefined if it has none, or one with an outdated name or installation. */
  loopOf(place: Place): Loop | undefined;
  /** Whether the repository has a loop, under whatever name and installation. */
  has(id: number): boolean;
  /** Starts a place's loop, after those of the same repository and of any other with the same name have ended. */
  watch(place: Place, start: (before: Promise<void>) => Loop): void;
  /** Stops the loops of all other places, and returns those places. */
  keep(isWanted: (place: Place) => boolean): Place[];
}

export function createWatchList(): WatchList {
  const watched = new Map<number, { place: Place; loop: Loop }>();

  /** Stops the loops of matching places. `ended` resolves when all of them have ended. */
  function drop(matches: (place: Place) => boolean): { places: Place[]; ended: Promise<void> } {
    const dropped = [...watched.values()].filter(({ place }) => matches(place));
    for (const { place } of dropped) watched.delete(place.id);
    const ended = Promise.all(dropped.map(({ loop }) => loop.stop())).then(() => undefined);
    return { places: dropped.map(({ place }) => place), ended };
  }

  return {
    loopOf(place) {
      const known = watched.get(place.id);
      return known && isSame(known.place, place) ? known.loop : undefined;
    },
    has: id => watched.has(id),
    watch(place, start) {
      const { ended } = drop(other => other.id === place.id || nameOf(other) === nameOf(place));
      watched.set(place.id, { place, loop: start(ended) });
    },
    keep: isWanted => drop(place => !isWanted(place)).places,
  };
}
