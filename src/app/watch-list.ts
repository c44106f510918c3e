/** Which places are watched, each by one loop. */
import type { Loop } from '../controller/loop.ts';
import { isSame, nameOf, type Place } from './places.ts';

export interface WatchList {
  /** The loop of a place; undefined where it has none, or one that knows it by another name or installation. */
  loopOf(place: Place): Loop | undefined;
  /** Starts a loop in place of those of the same repository and of the one that had its name before, which end first. */
  watch(place: Place, start: (before: Promise<void>) => Loop): void;
  /** Stops the loops of places that are not wanted any more, and returns the places. */
  keep(isWanted: (place: Place) => boolean): Place[];
}

export function createWatchList(): WatchList {
  const watched = new Map<number, { place: Place; loop: Loop }>();

  /** Stops what matches; resolves when all of it has ended. */
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
    watch(place, start) {
      const { ended } = drop(other => other.id === place.id || nameOf(other) === nameOf(place));
      watched.set(place.id, { place, loop: start(ended) });
    },
    keep: isWanted => drop(place => !isWanted(place)).places,
  };
}
