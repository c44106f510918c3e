/** Octokit as Probot makes it, and the repository that a client is for. */
import type { ProbotOctokit } from 'probot';

export type Octokit = InstanceType<typeof ProbotOctokit>;

export type Repo = { owner: string; repo: string };
