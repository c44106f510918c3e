/** Commits, in GitHub's form. */
import type { components } from '@octokit/openapi-types';
import type { Commit, Signature } from '../git/parse.ts';
import type { Repository } from '../state.ts';
import type { World } from '../world.ts';
import { nodeId, presentAccount } from './account.ts';
import { apiUrl, htmlUrl } from './repository.ts';

type Schemas = components['schemas'];

const UNSIGNED = { verified: false, reason: 'unsigned', signature: null, payload: null, verified_at: null };

/** As the git database routes answer. */
export function presentGitCommit(
  world: World,
  repository: Repository,
  commit: Commit,
): Schemas['git-commit'] {
  const api = `${apiUrl(world, repository)}/git`;
  const html = htmlUrl(world, repository);
  return {
    sha: commit.sha,
    node_id: nodeOf(commit),
    url: `${api}/commits/${commit.sha}`,
    html_url: `${html}/commit/${commit.sha}`,
    author: commit.author,
    committer: commit.committer,
    message: commit.message,
    tree: { sha: commit.tree, url: `${api}/trees/${commit.tree}` },
    parents: commit.parents.map(sha => ({
      sha,
      url: `${api}/commits/${sha}`,
      html_url: `${html}/commit/${sha}`,
    })),
    verification: UNSIGNED,
  };
}

/** As branches hold it. */
export function presentCommit(world: World, repository: Repository, commit: Commit) {
  const api = apiUrl(world, repository);
  const html = htmlUrl(world, repository);
  const url = `${api}/commits/${commit.sha}`;
  return {
    sha: commit.sha,
    node_id: nodeOf(commit),
    url,
    html_url: `${html}/commit/${commit.sha}`,
    comments_url: `${url}/comments`,
    commit: {
      url: `${api}/git/commits/${commit.sha}`,
      author: commit.author,
      committer: commit.committer,
      message: commit.message,
      tree: { sha: commit.tree, url: `${api}/git/trees/${commit.tree}` },
      comment_count: 0,
      verification: UNSIGNED,
    },
    author: accountOf(world, commit.author),
    committer: accountOf(world, commit.committer),
    parents: commit.parents.map(sha => ({
      sha,
      url: `${api}/commits/${sha}`,
      html_url: `${html}/commit/${sha}`,
    })),
  } satisfies Schemas['commit'];
}

/** The account behind a commit's address of the form `<id>+<login>@…`; null where it is nobody here. */
function accountOf(world: World, person: Signature) {
  const login = /^\d+\+(.+)@/.exec(person.email)?.[1];
  const known = world.state.accounts.find(one => one.login === login);
  return known ? presentAccount(world, known.login) : null;
}

const nodeOf = (commit: Commit) => nodeId('Commit', Number.parseInt(commit.sha.slice(0, 10), 16));
