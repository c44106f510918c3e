/** Remembers the answers to the latest questions. */
const LIMIT = 2000;

/**
 * `ask`, remembering its answers by key while `keep` says that they hold for ever.
 * A question asked again while it is being answered is asked once; failures are forgotten.
 */
export function memo<T>(
  ask: (key: string) => Promise<T>,
  keep: (answer: T) => boolean = () => true,
): (key: string) => Promise<T> {
  const known = new Map<string, Promise<T>>();
  return key => {
    const remembered = known.get(key);
    if (remembered) return remembered;
    const answer = ask(key);
    known.set(key, answer);
    answer.then(
      value => keep(value) || known.delete(key),
      () => known.delete(key),
    );
    const oldest = known.size > LIMIT ? known.keys().next().value : undefined;
    if (oldest !== undefined) known.delete(oldest);
    return answer;
  };
}
