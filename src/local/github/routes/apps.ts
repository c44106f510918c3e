/** The App, its installations and tokens; users. */
import { z } from 'zod';
import { loginOf } from '../auth.ts';
import { GitHubError, invalid, notFound } from '../errors.ts';
import { bodyOf, type Ctx, GRANTED, repositoryOf, type Server } from '../http.ts';
import { page } from '../pagination.ts';
import { presentAccount, presentApp, presentInstallation } from '../present/account.ts';
import { presentRepository } from '../present/repository.ts';
import type { Installation, Permission } from '../state.ts';
import {
  botLogin,
  findInstallation,
  fullName,
  randomToken,
  sameName,
  seconds,
  type World,
} from '../world.ts';

const TOKEN_MS = 3_600_000;
const tokenSchema = z.object({
  repositories: z.array(z.string()).optional(),
  repository_ids: z.array(z.number()).optional(),
  permissions: z.record(z.string(), z.enum(['read', 'write', 'admin'])).default({ ...GRANTED }),
});

export function appRoutes(server: Server, world: World): void {
  server.get('/app', c => {
    requireApp(c);
    return c.json({ ...presentApp(world, 'app'), installations_count: world.state.installations.length });
  });
  server.get('/app/installations', c => {
    requireApp(c);
    return c.json(page(c, world.state.installations).map(one => presentInstallation(world, one)));
  });
  server.get('/app/installations/:id{[0-9]+}', c => {
    requireApp(c);
    return c.json(presentInstallation(world, installationOf(world, c)));
  });
  server.post('/app/installations/:id{[0-9]+}/access_tokens', async c => {
    requireApp(c);
    const installation = installationOf(world, c);
    return c.json(makeToken(world, installation, await bodyOf(c, tokenSchema)), 201);
  });
  server.get('/repos/:owner/:repo/installation', c => {
    requireApp(c);
    const installation = findInstallation(world, c.req.param('owner'));
    const exists = world.state.repositories.some(
      one => sameName(one.owner, c.req.param('owner')) && sameName(one.name, c.req.param('repo')),
    );
    if (!installation || !exists) throw notFound();
    return c.json(presentInstallation(world, installation));
  });
  for (const path of ['/users/:login/installation', '/orgs/:login/installation'] as const) {
    server.get(path, c => {
      requireApp(c);
      const installation = findInstallation(world, c.req.param('login'));
      if (!installation) throw notFound();
      return c.json(presentInstallation(world, installation));
    });
  }
  server.get('/installation/repositories', c => {
    const actor = c.get('actor');
    if (actor.kind !== 'installation')
      throw new GitHubError(403, 'Resource not accessible by personal access token');
    const owner = world.state.installations.find(one => one.id === actor.token.subject)?.account ?? '';
    const { repositories } = actor.token;
    const visible = world.state.repositories.filter(
      one => sameName(one.owner, owner) && (repositories === null || repositories.includes(fullName(one))),
    );
    return c.json({
      total_count: visible.length,
      repository_selection: repositories === null ? 'all' : 'selected',
      repositories: page(c, visible).map(one => presentRepository(world, one, 'write')),
    });
  });
}

export function userRoutes(server: Server, world: World): void {
  server.get('/user', c => {
    const actor = c.get('actor');
    if (actor.kind === 'installation') throw new GitHubError(403, 'Resource not accessible by integration');
    return c.json(publicUser(world, loginOf(world, actor)));
  });
  server.get('/users/:login', c => {
    const login = c.req.param('login');
    if (!isKnown(world, login)) throw notFound();
    return c.json(publicUser(world, login));
  });
  server.get('/repos/:owner/:repo/collaborators/:login/permission', c => {
    const repository = repositoryOf(world, c, 'read', 'metadata');
    if (c.get('actor').kind === 'anonymous') throw new GitHubError(401, 'Requires authentication');
    const login = c.req.param('login');
    if (!isKnown(world, login)) throw notFound();
    const user = world.options.users.find(one => sameName(one.login, login));
    const least: Permission = repository.private ? 'none' : 'read';
    const held = user?.permission ?? 'none';
    const permission = held === 'none' ? least : held;
    return c.json({
      permission,
      role_name: permission,
      user: { ...presentAccount(world, login), permissions: flags(permission), role_name: permission },
    });
  });
}

const flags = (permission: Permission) => ({
  pull: permission !== 'none',
  triage: permission === 'admin' || permission === 'write',
  push: permission === 'admin' || permission === 'write',
  maintain: permission === 'admin',
  admin: permission === 'admin',
});

function requireApp(c: Ctx): void {
  if (c.get('actor').kind !== 'app') throw new GitHubError(401, 'A JSON web token could not be decoded');
}

function installationOf(world: World, c: Ctx): Installation {
  const found = world.state.installations.find(one => String(one.id) === c.req.param('id'));
  if (!found) throw notFound();
  return found;
}

function makeToken(world: World, installation: Installation, o: z.output<typeof tokenSchema>) {
  const granted: Record<string, string> = GRANTED;
  const excess = Object.entries(o.permissions).some(
    ([area, level]) => granted[area] !== 'write' && granted[area] !== level,
  );
  if (excess) throw invalid('The permissions requested are not granted to this installation.');
  const chosen = world.state.repositories.filter(
    one =>
      sameName(one.owner, installation.account) &&
      (o.repositories?.includes(one.name) || o.repository_ids?.includes(one.id)),
  );
  const asked = (o.repositories?.length ?? 0) + (o.repository_ids?.length ?? 0);
  if (chosen.length < asked) {
    throw invalid(
      'There is at least one repository that does not exist or is not accessible to the parent installation.',
    );
  }
  const token = randomToken('ghs');
  const expiresAt = seconds(new Date(Date.now() + TOKEN_MS));
  const permissions = { ...o.permissions, metadata: 'read' };
  const live = world.state.tokens.filter(one => Date.parse(one.expiresAt) > Date.now());
  const repositories = asked === 0 ? null : chosen.map(fullName);
  live.push({ token, kind: 'installation', subject: installation.id, repositories, permissions, expiresAt });
  world.state.tokens = live;
  world.changed();
  return {
    token,
    expires_at: expiresAt,
    permissions,
    repository_selection: asked === 0 ? 'all' : 'selected',
    ...(asked > 0 && { repositories: chosen.map(one => presentRepository(world, one)) }),
  };
}

function isKnown(world: World, login: string): boolean {
  return (
    sameName(login, botLogin(world)) ||
    world.options.users.some(one => sameName(one.login, login)) ||
    world.state.accounts.some(one => sameName(one.login, login))
  );
}

function publicUser(world: World, login: string) {
  const now = '2026-01-01T00:00:00Z';
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
    created_at: now,
    updated_at: now,
  };
}
