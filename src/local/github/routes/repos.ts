/** Repositories, branches and their rules. */
import { z } from 'zod';
import { notFound } from '../errors.ts';
import { bodyOf, type Ctx, repositoryOf, type Server } from '../http.ts';
import { page } from '../pagination.ts';
import { presentCommit } from '../present/commit.ts';
import { apiUrl, htmlUrl, presentRepository } from '../present/repository.ts';
import type { Permission, Protection, Repository } from '../state.ts';
import type { World } from '../world.ts';

/** Of the rules that a branch may have, this server knows the checks that must succeed. */
const protectionBody = z.object({
  required_status_checks: z.object({ contexts: z.array(z.string()) }),
  required_pull_request_reviews: z.null(),
});

export function repositoryRoutes(server: Server, world: World): void {
  server.get('/repos/:owner/:repo', c => {
    const repository = repositoryOf(world, c, 'read');
    return c.json(presentRepository(world, repository, permissionOf(c)));
  });
  server.get('/repos/:owner/:repo/branches', async c => {
    const repository = repositoryOf(world, c, 'read');
    const refs = await world.git(repository).refs('refs/heads/');
    const shown = page(c, refs).map(({ ref, sha }) => {
      const name = ref.slice('refs/heads/'.length);
      const url = `${apiUrl(world, repository)}/commits/${sha}`;
      return { name, commit: { sha, url }, protected: protectionFor(repository, name) !== undefined };
    });
    return c.json(shown);
  });
  server.get('/repos/:owner/:repo/rules/branches/:branch{.+}', c => {
    repositoryOf(world, c, 'read');
    return c.json([]);
  });
  server.put('/repos/:owner/:repo/branches/:branch{.+}/protection', async c => {
    const repository = repositoryOf(world, c, 'admin');
    const body = await bodyOf(c, protectionBody);
    const protection = { branch: c.req.param('branch'), checks: body.required_status_checks.contexts };
    const others = repository.protections.filter(one => one.branch !== protection.branch);
    repository.protections = [...others, protection];
    world.changed();
    return c.json(presentProtection(world, repository, protection));
  });
  server.delete('/repos/:owner/:repo/branches/:branch{.+}/protection', c => {
    const repository = repositoryOf(world, c, 'admin');
    repository.protections = repository.protections.filter(one => one.branch !== c.req.param('branch'));
    world.changed();
    return c.body(null, 204);
  });
  server.get('/repos/:owner/:repo/branches/:branch{.+}', async c => {
    const repository = repositoryOf(world, c, 'read');
    return c.json(await presentBranch(world, repository, c.req.param('branch')));
  });
}

function permissionOf(c: Ctx): Permission {
  const actor = c.get('actor');
  if (actor.kind === 'user') return actor.permission === 'none' ? 'read' : actor.permission;
  return actor.kind === 'installation' ? 'write' : 'read';
}

const protectionFor = (repository: Repository, branch: string) =>
  repository.protections.find(one => one.branch === branch);

function presentProtection(world: World, repository: Repository, { branch, checks }: Protection) {
  const url = `${apiUrl(world, repository)}/branches/${branch}/protection`;
  return {
    url,
    enforce_admins: { url: `${url}/enforce_admins`, enabled: false },
    required_status_checks: {
      url: `${url}/required_status_checks`,
      strict: false,
      contexts: checks,
      contexts_url: `${url}/required_status_checks/contexts`,
      checks: checks.map(context => ({ context, app_id: null })),
      enforcement_level: 'non_admins',
    },
  };
}

async function presentBranch(world: World, repository: Repository, name: string) {
  const commit = await world.git(repository).commit(`refs/heads/${name}`);
  if (!commit) throw notFound('Branch not found');
  const url = `${apiUrl(world, repository)}/branches/${name}`;
  const protection = protectionFor(repository, name);
  return {
    name,
    commit: presentCommit(world, repository, commit),
    _links: { self: url, html: `${htmlUrl(world, repository)}/tree/${name}` },
    protected: protection !== undefined,
    protection: protection ? presentProtection(world, repository, protection) : { enabled: false },
    protection_url: `${url}/protection`,
  };
}
