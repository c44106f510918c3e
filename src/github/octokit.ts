/** The port over a real Octokit client of one installation. */
import type { ProbotOctokit } from 'probot';
import type { GitHubPort, Repository } from './port.ts';
import { reads } from './reads.ts';
import { actionWrites, gitWrites, issueWrites } from './writes.ts';

export type Octokit = InstanceType<typeof ProbotOctokit>;

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

export type Repo = { owner: string; repo: string };
