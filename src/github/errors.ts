/** What GitHub's refusals mean. */

/** HTTP status of a failed request; undefined for any other error. */
export function statusOf(error: unknown): number | undefined {
  return typeof error === 'object' && error !== null && 'status' in error && typeof error.status === 'number'
    ? error.status
    : undefined;
}

/** GitHub answers 422 for a commit it does not know, and 409 in an empty repository. */
export const NO_SUCH_COMMIT = [404, 409, 422];

/** What was read, or null where GitHub answers that there is none. */
export async function orNull<T>(
  read: () => Promise<T>,
  absent: readonly number[] = [404],
): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (absent.includes(statusOf(error) ?? 0)) return null;
    throw error;
  }
}

/** Writes; these refusals say that there is nothing left to do. */
export async function unlessStatus(
  statuses: readonly number[],
  write: () => Promise<unknown>,
): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (!statuses.includes(statusOf(error) ?? 0)) throw error;
  }
}
