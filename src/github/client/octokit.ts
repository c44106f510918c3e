/** The port on Octokit. */
import type { GitHubPort, Repository } from '../port.ts';
import { withEtagCache } from './etag-cache.ts';
import { type RateLimit, withRateLimit } from './rate-limit.ts';
import { reads } from './reads.ts';
import type { Octokit } from './types.ts';
import { actionWrites, gitWrites, issueWrites } from './writes.ts';

/** @param botLogin login of the App's user, `<slug>[bot]` */
export function octokitPort(octokit: Octokit, repository: Repository, botLogin: string): GitHubPort {
  const repo = { owner: repository.owner, repo: repository.name };
  return {
    repository,
    botLogin,
    ...reads(octokit, repo, repository, botLogin),
    ...gitWrites(octokit, repo),
    ...issueWrites(octokit, repo),
    ...actionWrites(octokit, repo),
  };
}

/** Changes how a client sends its requests. */
export type Wrap = (inner: typeof fetch) => typeof fetch;

/** Makes a client respect rate limits and use conditional requests. `wrap` is closest to the network. */
export function limitedAndCached(octokit: Octokit, limit: RateLimit, wrap: Wrap = inner => inner): Octokit {
  return wrapped(octokit, inner => withRateLimit(withEtagCache(wrap(inner)), limit));
}

export function wrapped(octokit: Octokit, wrap: Wrap): Octokit {
  const sending = wrap(octokit.request.endpoint.DEFAULTS.request?.fetch ?? fetch);
  octokit.hook.before('request', options => {
    options.request = { ...options.request, fetch: sending };
  });
  return octokit;
}
