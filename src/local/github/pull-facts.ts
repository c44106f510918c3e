/** What git says about a pull request. */
import type { PullFacts } from './present/pull.ts';
import type { PullIssue, Repository } from './state.ts';
import type { World } from './world.ts';

/**
 * Commits, files and mergeability of a pull request. `mergeable` is null as long as it counts as not computed;
 * a client's question starts the computing, so the next answer has it.
 */
export async function factsOf(world: World, repository: Repository, issue: PullIssue): Promise<PullFacts> {
  const git = world.git(repository);
  const { pull } = issue;
  const from = await git.mergeBase(pull.baseSha, pull.headSha);
  const [commits, files] = await Promise.all([
    git.between(pull.baseSha, pull.headSha),
    git.diff(from, pull.headSha),
  ]);
  const blocked = ruleAgainst(repository, issue) !== null;
  return { commits: commits.length, files, mergeable: await mergeable(world, repository, issue), blocked };
}

async function mergeable(world: World, repository: Repository, issue: PullIssue): Promise<boolean | null> {
  if (issue.state === 'closed' || issue.pull.mergeability !== 'computed') return null;
  const git = world.git(repository);
  const tip = await git.refSha(`refs/heads/${issue.pull.base}`);
  return tip !== null && (await git.merge(tip, issue.pull.headSha)) !== null;
}

/** What the base branch's protection has against a merge now; null for nothing. */
export function ruleAgainst(repository: Repository, issue: PullIssue): string | null {
  const protection = repository.protections.find(one => one.branch === issue.pull.base);
  if (!protection) return null;
  const succeeded = repository.checkRuns
    .filter(run => run.headSha === issue.pull.headSha && run.conclusion === 'success')
    .map(run => run.name);
  const missing = protection.checks.find(name => !succeeded.includes(name));
  return missing === undefined ? null : `Required status check "${missing}" is expected.`;
}
