/** The App, its installations and tokens; people and their permission. */
import { loginOf } from '../auth.ts';
import { GitHubError, notFound } from '../errors.ts';
import { type Ctx, GRANTED, repositoryOf, type Server } from '../http.ts';
import { page } from '../pagination.ts';
import { presentAccount, presentApp, presentInstallation, presentUser } from '../present/account.ts';
import { permissionFlags, presentRepository } from '../present/repository.ts';
import type { Permission } from '../state.ts';
import { botLogin, randomToken, sameName, seconds, type World } from '../world.ts';

const TOKEN_MS = 3_600_000;

export function appRoutes(server: Server, world: World): void {
  server.get('/app', c => {
    requireApp(c);
    return c.json({ ...presentApp(world, 'app'), installations_count: world.state.installations.length });
  });
  server.get('/app/installations', c => {
    requireApp(c);
    return c.json(page(c, world.state.installations).map(one => presentInstallation(world, one)));
  });
  server.post('/app/installations/:id{[0-9]+}/access_tokens', c => {
    requireApp(c);
    const installation = world.state.installations.find(one => String(one.id) === c.req.param('id'));
    if (!installation) throw notFound();
    return c.json(makeToken(world, installation.account), 201);
  });
  server.get('/installation/repositories', c => {
    const actor = c.get('actor');
    if (actor.kind !== 'installation')
      throw new GitHubError(403, 'Resource not accessible by personal access token');
    const own = world.state.repositories.filter(one => one.owner === actor.owner);
    return c.json({
      total_count: own.length,
      repository_selection: 'all',
      repositories: page(c, own).map(one => presentRepository(world, one, 'write')),
    });
  });
}

export function userRoutes(server: Server, world: World): void {
  server.get('/user', c => {
    const actor = c.get('actor');
    if (actor.kind === 'installation') throw new GitHubError(403, 'Resource not accessible by integration');
    return c.json(presentUser(world, loginOf(world, actor)));
  });
  server.get('/repos/:owner/:repo/collaborators/:login/permission', c => {
    const repository = repositoryOf(world, c, 'discuss');
    const login = c.req.param('login');
    if (!isKnown(world, login)) throw notFound();
    const user = world.options.users.find(one => sameName(one.login, login));
    const least: Permission = repository.private ? 'none' : 'read';
    const held = user?.permission ?? 'none';
    const permission = held === 'none' ? least : held;
    return c.json({
      permission,
      role_name: permission,
      user: {
        ...presentAccount(world, login),
        permissions: permissionFlags(permission),
        role_name: permission,
      },
    });
  });
}

function requireApp(c: Ctx): void {
  if (c.get('actor').kind !== 'app') throw new GitHubError(401, 'A JSON web token could not be decoded');
}

/** A token for everything that the App may do on an owner's repositories. */
function makeToken(world: World, owner: string) {
  const token = randomToken();
  const expiresAt = seconds(new Date(Date.now() + TOKEN_MS));
  const live = world.state.tokens.filter(one => Date.parse(one.expiresAt) > Date.now());
  world.state.tokens = [...live, { kind: 'installation', token, expiresAt, owner }];
  world.changed();
  return { token, expires_at: expiresAt, permissions: { ...GRANTED }, repository_selection: 'all' };
}

function isKnown(world: World, login: string): boolean {
  return (
    sameName(login, botLogin(world)) ||
    world.options.users.some(one => sameName(one.login, login)) ||
    world.state.accounts.some(one => sameName(one.login, login))
  );
}
