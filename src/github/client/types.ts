/** Probot's Octokit, and the repository as its methods take it. */
import type { ProbotOctokit } from 'probot';

export type Octokit = InstanceType<typeof ProbotOctokit>;

export type Repo = { owner: string; repo: string };
