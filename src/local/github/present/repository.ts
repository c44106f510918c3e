/** Repositories, in GitHub's form. */
import type { components } from '@octokit/openapi-types';
import type { Permission, Repository } from '../state.ts';
import { fullName, type World } from '../world.ts';
import { nodeId, presentAccount } from './account.ts';

type Schemas = components['schemas'];

/** Base URL of a repository's REST routes. */
export const apiUrl = (world: World, repository: Repository) =>
  `${world.url}/api/v3/repos/${fullName(repository)}`;

export const htmlUrl = (world: World, repository: Repository) => `${world.url}/${fullName(repository)}`;

/** Fits `full-repository`, `repository` and `minimal-repository` alike. */
export function presentRepository(world: World, repository: Repository, permission?: Permission) {
  const api = apiUrl(world, repository);
  const html = htmlUrl(world, repository);
  const openIssues = repository.issues.filter(issue => issue.state === 'open').length;
  return {
    id: repository.id,
    node_id: nodeId('Repository', repository.id),
    name: repository.name,
    full_name: fullName(repository),
    owner: presentAccount(world, repository.owner),
    private: repository.private,
    visibility: repository.private ? 'private' : 'public',
    description: null,
    fork: false,
    html_url: html,
    homepage: null,
    language: null,
    license: null,
    default_branch: repository.defaultBranch,
    size: 0,
    forks: 0,
    forks_count: 0,
    stargazers_count: 0,
    watchers: 0,
    watchers_count: 0,
    network_count: 0,
    subscribers_count: 0,
    open_issues: openIssues,
    open_issues_count: openIssues,
    topics: [],
    created_at: repository.createdAt,
    updated_at: repository.pushedAt,
    pushed_at: repository.pushedAt,
    ...FEATURES,
    ...(permission !== undefined && { permissions: permissionFlags(permission) }),
    url: api,
    clone_url: `${html}.git`,
    git_url: `${html}.git`,
    ssh_url: `${html}.git`,
    svn_url: html,
    mirror_url: null,
    ...links(api),
  } satisfies Schemas['full-repository'];
}

const FEATURES = {
  is_template: false,
  archived: false,
  disabled: false,
  has_issues: true,
  has_projects: false,
  has_wiki: false,
  has_pages: false,
  has_downloads: false,
  has_discussions: false,
  allow_forking: false,
  web_commit_signoff_required: false,
  allow_squash_merge: true,
  allow_merge_commit: true,
  allow_rebase_merge: false,
  allow_auto_merge: false,
  allow_update_branch: false,
  delete_branch_on_merge: false,
} as const;

export function permissionFlags(permission: Permission) {
  const write = permission === 'admin' || permission === 'write';
  return {
    admin: permission === 'admin',
    maintain: permission === 'admin',
    push: write,
    triage: write,
    pull: permission !== 'none',
  };
}

function links(api: string) {
  return {
    archive_url: `${api}/{archive_format}{/ref}`,
    assignees_url: `${api}/assignees{/user}`,
    blobs_url: `${api}/git/blobs{/sha}`,
    branches_url: `${api}/branches{/branch}`,
    collaborators_url: `${api}/collaborators{/collaborator}`,
    comments_url: `${api}/comments{/number}`,
    commits_url: `${api}/commits{/sha}`,
    compare_url: `${api}/compare/{base}...{head}`,
    contents_url: `${api}/contents/{+path}`,
    contributors_url: `${api}/contributors`,
    deployments_url: `${api}/deployments`,
    downloads_url: `${api}/downloads`,
    events_url: `${api}/events`,
    forks_url: `${api}/forks`,
    git_commits_url: `${api}/git/commits{/sha}`,
    git_refs_url: `${api}/git/refs{/sha}`,
    git_tags_url: `${api}/git/tags{/sha}`,
    hooks_url: `${api}/hooks`,
    issue_comment_url: `${api}/issues/comments{/number}`,
    issue_events_url: `${api}/issues/events{/number}`,
    issues_url: `${api}/issues{/number}`,
    keys_url: `${api}/keys{/key_id}`,
    labels_url: `${api}/labels{/name}`,
    languages_url: `${api}/languages`,
    merges_url: `${api}/merges`,
    milestones_url: `${api}/milestones{/number}`,
    notifications_url: `${api}/notifications{?since,all,participating}`,
    pulls_url: `${api}/pulls{/number}`,
    releases_url: `${api}/releases{/id}`,
    stargazers_url: `${api}/stargazers`,
    statuses_url: `${api}/statuses/{sha}`,
    subscribers_url: `${api}/subscribers`,
    subscription_url: `${api}/subscription`,
    tags_url: `${api}/tags`,
    teams_url: `${api}/teams`,
    trees_url: `${api}/git/trees{/sha}`,
  };
}
