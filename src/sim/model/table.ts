/** A table of GitHub's that also knows what it held a moment ago, because lists lag. */

export interface Table<K, V> {
  get(key: K): V | undefined;
  /** What it holds now, or held that many milliseconds ago, at most a minute. */
  values(lag?: number): V[];
  set(key: K, value: V): void;
  delete(key: K): void;
}

const REMEMBERED_MS = 60_000;

/** @param now milliseconds */
export function createTable<K, V>(now: () => number): Table<K, V> {
  const current = new Map<K, V>();
  /** What each change replaced, oldest first. */
  let changes: { at: number; key: K; before: V | undefined }[] = [];
  const remember = (key: K) => {
    const oldest = changes[0];
    if (oldest && oldest.at < now() - 2 * REMEMBERED_MS)
      changes = changes.filter(change => change.at >= now() - REMEMBERED_MS);
    changes.push({ at: now(), key, before: current.get(key) });
  };
  return {
    get: key => current.get(key),
    set(key, value) {
      remember(key);
      current.set(key, value);
    },
    delete(key) {
      remember(key);
      current.delete(key);
    },
    values(lag = 0) {
      const since = now() - Math.min(lag, REMEMBERED_MS);
      const newer = lag > 0 ? changes.filter(change => change.at > since) : [];
      if (newer.length === 0) return [...current.values()];
      const past = new Map(current);
      for (const { key, before } of newer.reverse()) {
        if (before === undefined) past.delete(key);
        else past.set(key, before);
      }
      return [...past.values()];
    },
  };
}
