/** Accounts and the App, in GitHub's form. */
import type { components } from '@octokit/openapi-types';
import { GRANTED } from '../http.ts';
import type { Installation } from '../state.ts';
import { account, type World } from '../world.ts';

type Schemas = components['schemas'];

const EVENTS = ['issue_comment', 'issues', 'pull_request', 'push', 'workflow_run'] as const;
const EPOCH = '2026-01-01T00:00:00Z';
const ACTIONS_APP = { id: 15_368, slug: 'github-actions', name: 'GitHub Actions' };

/** An opaque id of GraphQL's kind. */
export const nodeId = (kind: string, id: number) => Buffer.from(`${kind}:${id}`).toString('base64url');

export function presentAccount(world: World, login: string): Schemas['simple-user'] {
  const { id, login: name } = account(world, login);
  const type = typeOf(name);
  const encoded = encodeURIComponent(name);
  const api = `${world.url}/api/v3/users/${encoded}`;
  return {
    login: name,
    id,
    node_id: nodeId(type, id),
    avatar_url: `${world.url}/avatars/u/${id}`,
    gravatar_id: '',
    url: api,
    html_url: `${world.url}/${type === 'Bot' ? `apps/${name.replace('[bot]', '')}` : encoded}`,
    followers_url: `${api}/followers`,
    following_url: `${api}/following{/other_user}`,
    gists_url: `${api}/gists{/gist_id}`,
    starred_url: `${api}/starred{/owner}{/repo}`,
    subscriptions_url: `${api}/subscriptions`,
    organizations_url: `${api}/orgs`,
    repos_url: `${api}/repos`,
    events_url: `${api}/events{/privacy}`,
    received_events_url: `${api}/received_events`,
    type,
    site_admin: false,
  };
}

const typeOf = (login: string) => (login.endsWith('[bot]') ? 'Bot' : 'User');

/** What people see of an account; nobody has a profile here. */
export function presentUser(world: World, login: string): Schemas['public-user'] {
  return {
    ...presentAccount(world, login),
    name: null,
    company: null,
    blog: null,
    location: null,
    email: null,
    hireable: null,
    bio: null,
    public_repos: 0,
    public_gists: 0,
    followers: 0,
    following: 0,
    created_at: EPOCH,
    updated_at: EPOCH,
  };
}

/** The App itself (`app`) or GitHub Actions, which owns the check runs of jobs. */
export function presentApp(world: World, which: 'app' | 'actions'): NonNullable<Schemas['integration']> {
  const { id, slug, name } = which === 'app' ? world.options.app : ACTIONS_APP;
  return {
    id,
    slug,
    client_id: `Iv1.${id}`,
    node_id: nodeId('App', id),
    owner: presentAccount(world, which === 'app' ? (world.options.users[0]?.login ?? 'owner') : 'github'),
    name,
    description: null,
    external_url: `${world.url}/apps/${slug}`,
    html_url: `${world.url}/apps/${slug}`,
    created_at: EPOCH,
    updated_at: EPOCH,
    permissions: { ...GRANTED },
    events: [...EVENTS],
  };
}

export function presentInstallation(world: World, installation: Installation): Schemas['installation'] {
  const { id } = installation;
  const owner = account(world, installation.account);
  return {
    id,
    client_id: `Iv1.${world.options.app.id}`,
    account: presentAccount(world, owner.login),
    repository_selection: 'all',
    access_tokens_url: `${world.url}/api/v3/app/installations/${id}/access_tokens`,
    repositories_url: `${world.url}/api/v3/installation/repositories`,
    html_url: `${world.url}/settings/installations/${id}`,
    app_id: world.options.app.id,
    app_slug: world.options.app.slug,
    target_id: owner.id,
    target_type: typeOf(owner.login),
    permissions: { ...GRANTED },
    events: [...EVENTS],
    created_at: installation.createdAt,
    updated_at: installation.createdAt,
    single_file_name: null,
    has_multiple_single_files: false,
    single_file_paths: [],
    suspended_by: null,
    suspended_at: null,
  };
}
