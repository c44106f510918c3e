/** The installations' clients of GitHub. */
import type { Probot } from 'probot';
import { withDeadline } from '../github/client/deadline.ts';
import { limitedAndCached, type Wrap } from '../github/client/octokit.ts';
import { createRateLimit, type RateLimit } from '../github/client/rate-limit.ts';
import type { Octokit } from '../github/client/types.ts';

/** Returns a function that creates a client. Clients of the same installation share their rate limit. */
export function clientsOf(
  probot: Pick<Probot, 'auth'>,
  wrap: Wrap,
): (installation: number) => Promise<Octokit> {
  const limits = new Map<number, RateLimit>();
  return async installation => {
    const limit = limits.get(installation) ?? createRateLimit();
    limits.set(installation, limit);
    return limitedAndCached(await probot.auth(installation), limit, inner => wrap(withDeadline(inner)));
  };
}
