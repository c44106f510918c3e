/** What GitHub's errors mean. */
import type { MergeResult } from './port.ts';

/** HTTP status of a failed request; undefined for any other error. */
export function statusOf(error: unknown): number | undefined {
  return typeof error === 'object' && error !== null && 'status' in error && typeof error.status === 'number'
    ? error.status
    : undefined;
}

/**
 * Whether a retry would fail the same way: something is gone, forbidden or invalid. A rate limit, for which GitHub also uses 403, is
 * temporary.
 */
export function isPermanent(error: unknown): boolean {
  const status = statusOf(error) ?? 0;
  return [403, 404, 410, 422].includes(status) && !isRateLimit(error);
}

function isRateLimit(error: unknown): boolean {
  const { response } = error as { response?: { headers?: Record<string, unknown> } };
  const { 'retry-after': retryAfter, 'x-ratelimit-remaining': remaining } = response?.headers ?? {};
  return (
    retryAfter !== undefined || remaining === '0' || /rate limit|abuse detection/i.test(messageOf(error))
  );
}

/** How many seconds to wait, from a rate limit's `retry-after`; 0 for any other failure. */
export function limitSeconds(error: unknown): number {
  const { response } = error as { response?: { headers?: Record<string, unknown> } };
  const seconds = Number(response?.headers?.['retry-after'] ?? 0);
  return seconds > 0 ? seconds : 0;
}

/** The message of GitHub, or of whatever failed. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** GitHub answers 422 for an unknown commit, and 409 in an empty repository. */
export const NO_SUCH_COMMIT = [404, 409, 422];

/** GitHub answers 403 for features that a private repository on a free plan lacks, and for what the App may not see. */
export const HIDDEN = [403, 404];

/** GitHub answers 410 for a deleted issue. */
const ABSENT = [404, 410];

/** The result of a read, or null if GitHub answers that there is none. */
export async function orNull<T>(
  read: () => Promise<T>,
  absent: readonly number[] = ABSENT,
): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (absent.includes(statusOf(error) ?? 0)) return null;
    throw error;
  }
}

/** Reads twice before concluding that there is none: now and then GitHub answers 404 for what exists. */
export async function askTwice<T>(read: () => Promise<T | null>): Promise<T | null> {
  return (await read()) ?? (await read());
}

/** Writes. These statuses mean that there is nothing left to do. */
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

/**
 * Whether a run cannot be cancelled: it has just ended (409), is gone, is stuck (GitHub answers 500 for days), or the App may not cancel
 * it. Nothing should wait for such a run.
 */
export function cannotCancel(error: unknown): boolean {
  return [404, 409, 500].includes(statusOf(error) ?? 0) || isPermanent(error);
}

/** Whether the branch to delete is gone already. */
export function isGone(error: unknown): boolean {
  return statusOf(error) === 404 || /reference does not exist/i.test(messageOf(error));
}

/** Why a merge failed. Rethrows errors that say nothing about the merge. */
export function mergeRefusal(error: unknown): Exclude<MergeResult, { kind: 'merged' }> {
  const status = statusOf(error);
  const message = messageOf(error);
  if (
    status === 409 ||
    (status === 405 && /base branch was modified|merge already in progress/i.test(message))
  )
    return { kind: 'moved' };
  const refused = status === 405 || status === 403 || status === 422;
  if (!refused || isRateLimit(error)) throw error;
  return { kind: 'refused', message };
}
