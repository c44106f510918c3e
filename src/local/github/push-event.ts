/** The `push` webhook. */
import type { Commit } from './git/parse.ts';
import { apiUrl, htmlUrl } from './present/repository.ts';
import type { RefChange } from './ref-change.ts';
import type { Repository } from './state.ts';
import { account, type World } from './world.ts';

const ZERO = '0'.repeat(40);
const MAX_COMMITS = 20;

/** Tells of a ref that was created, moved or deleted. */
export async function emitPush(
  world: World,
  repository: Repository,
  login: string,
  { ref, from, to }: RefChange,
): Promise<void> {
  if (!world.listening()) return;
  const git = world.git(repository);
  const commits = to === null ? [] : await newCommits(world, repository, from, to);
  const head = to === null ? null : await git.commit(to);
  const forced = from !== null && to !== null && (await git.mergeBase(from, to)) !== from;
  const payload = {
    ref,
    before: from ?? ZERO,
    after: to ?? ZERO,
    base_ref: null,
    created: from === null,
    deleted: to === null,
    forced,
    compare: `${htmlUrl(world, repository)}/compare/${from ?? ZERO}...${to ?? ZERO}`,
    commits: commits.map(commit => presentPushed(world, repository, commit)),
    head_commit: head && presentPushed(world, repository, head),
    pusher: { name: login, email: `${account(world, login).id}+${login}@users.noreply.github.com` },
  };
  world.emit({ name: 'push', repository, sender: login, payload });
}

/** Oldest first; of a new branch, what the default branch does not have. */
async function newCommits(
  world: World,
  repository: Repository,
  from: string | null,
  to: string,
): Promise<Commit[]> {
  const git = world.git(repository);
  const since = from ?? (await git.refSha(`refs/heads/${repository.defaultBranch}`)) ?? to;
  return git.commits((await git.between(since, to)).slice(0, MAX_COMMITS).reverse());
}

function presentPushed(world: World, repository: Repository, commit: Commit) {
  const { author, committer } = commit;
  return {
    id: commit.sha,
    tree_id: commit.tree,
    distinct: true,
    message: commit.message,
    timestamp: committer.date,
    url: `${apiUrl(world, repository)}/commits/${commit.sha}`,
    author: { name: author.name, email: author.email },
    committer: { name: committer.name, email: committer.email },
  };
}
