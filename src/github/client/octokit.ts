import type { GitHubPort, Repository } from '../port.ts';
import { withMemory } from './etag-cache.ts';
import { type Quiet, withLimits } from './rate-limit.ts';
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

/** Makes a client obey limits on requests, and ask only for what changed. */
export function considerate(octokit: Octokit, quiet: Quiet): Octokit {
  const ask = withLimits(withMemory(octokit.request.endpoint.DEFAULTS.request?.fetch ?? fetch), quiet);
  octokit.hook.before('request', options => {
    options.request = { ...options.request, fetch: ask };
  });
  return octokit;
}
