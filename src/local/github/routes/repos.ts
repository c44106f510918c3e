/** Repositories, branches and their rules, commits, comparisons. */
import { z } from 'zod';
import { notFound } from '../errors.ts';
import { bodyOf, type Ctx, repositoryOf, type Server } from '../http.ts';
import { page } from '../pagination.ts';
import { presentCommit, presentCommitWithFiles, presentFile } from '../present/commit.ts';
import { apiUrl, htmlUrl, presentRepository } from '../present/repository.ts';
import { commitAt } from '../revision.ts';
import type { Permission, Protection, Repository } from '../state.ts';
import type { World } from '../world.ts';

const protectionBody = z.object({
  required_status_checks: z.object({ contexts: z.array(z.string()).default([]) }).nullable(),
  required_pull_request_reviews: z
    .object({ required_approving_review_count: z.int().min(0).default(1) })
    .nullable(),
});

export function repositoryRoutes(server: Server, world: World): void {
  server.get('/repos/:owner/:repo', c => {
    const repository = repositoryOf(world, c, 'read', 'metadata');
    return c.json(presentRepository(world, repository, permissionOf(c)));
  });
  server.get('/repos/:owner/:repo/branches', async c => {
    const repository = repositoryOf(world, c, 'read', 'contents');
    const refs = await world.git(repository).refs('refs/heads/');
    const shown = page(c, refs).map(({ ref, sha }) => {
      const name = ref.slice('refs/heads/'.length);
      const url = `${apiUrl(world, repository)}/commits/${sha}`;
      return { name, commit: { sha, url }, protected: protectionFor(repository, name) !== undefined };
    });
    return c.json(shown);
  });
  server.get('/repos/:owner/:repo/rules/branches/:branch{.+}', c => {
    repositoryOf(world, c, 'read', 'metadata');
    return c.json([]);
  });
  server.get('/repos/:owner/:repo/branches/:branch{.+}/protection', c => {
    const repository = repositoryOf(world, c, 'discuss', 'contents');
    const protection = protectionFor(repository, c.req.param('branch'));
    if (!protection) throw notFound('Branch not protected');
    return c.json(presentProtection(world, repository, protection));
  });
  server.put('/repos/:owner/:repo/branches/:branch{.+}/protection', async c => {
    const repository = repositoryOf(world, c, 'admin', 'contents');
    const body = await bodyOf(c, protectionBody);
    const protection: Protection = {
      branch: c.req.param('branch'),
      checks: body.required_status_checks?.contexts ?? [],
      approvals: body.required_pull_request_reviews?.required_approving_review_count ?? 0,
    };
    const others = repository.protections.filter(one => one.branch !== protection.branch);
    repository.protections = [...others, protection];
    world.changed();
    return c.json(presentProtection(world, repository, protection));
  });
  server.delete('/repos/:owner/:repo/branches/:branch{.+}/protection', c => {
    const repository = repositoryOf(world, c, 'admin', 'contents');
    repository.protections = repository.protections.filter(one => one.branch !== c.req.param('branch'));
    world.changed();
    return c.body(null, 204);
  });
  server.get('/repos/:owner/:repo/branches/:branch{.+}', async c => {
    const repository = repositoryOf(world, c, 'read', 'contents');
    return c.json(await presentBranch(world, repository, c.req.param('branch')));
  });
}

export function commitRoutes(server: Server, world: World): void {
  server.get('/repos/:owner/:repo/commits', async c => {
    const repository = repositoryOf(world, c, 'read', 'contents');
    const { sha = repository.defaultBranch, path, since, until } = c.req.query();
    const start = await commitAt(world, repository, sha);
    const limits = [...(since ? [`--since=${since}`] : []), ...(until ? [`--until=${until}`] : [])];
    const git = world.git(repository);
    const shas = await git.revList(...limits, start.sha, '--', ...(path ? [path] : []));
    const commits = await Promise.all(page(c, shas).map(one => git.commit(one)));
    return c.json(commits.filter(one => one !== null).map(one => presentCommit(world, repository, one)));
  });
  server.get('/repos/:owner/:repo/commits/:ref{.+}', async c => {
    const repository = repositoryOf(world, c, 'read', 'contents');
    const commit = await commitAt(world, repository, c.req.param('ref'));
    const files = await world.git(repository).diff(commit.parents[0] ?? null, commit.sha);
    return c.json(presentCommitWithFiles(world, repository, commit, files));
  });
  server.get('/repos/:owner/:repo/compare/:range{.+}', async c => {
    const repository = repositoryOf(world, c, 'read', 'contents');
    const [base = '', head = ''] = c.req.param('range').split('...', 2);
    return c.json(await compare(world, c, repository, base, head));
  });
}

function permissionOf(c: Ctx): Permission {
  const actor = c.get('actor');
  if (actor.kind === 'user') return actor.permission === 'none' ? 'read' : actor.permission;
  return actor.kind === 'installation' ? 'write' : 'read';
}

const protectionFor = (repository: Repository, branch: string) =>
  repository.protections.find(one => one.branch === branch);

function presentProtection(world: World, repository: Repository, o: Protection) {
  const url = `${apiUrl(world, repository)}/branches/${o.branch}/protection`;
  const checks = `${url}/required_status_checks`;
  return {
    url,
    enforce_admins: { url: `${url}/enforce_admins`, enabled: false },
    ...(o.checks.length > 0 && {
      required_status_checks: {
        url: checks,
        strict: false,
        contexts: o.checks,
        contexts_url: `${checks}/contexts`,
        checks: o.checks.map(context => ({ context, app_id: null })),
        enforcement_level: 'non_admins',
      },
    }),
    ...(o.approvals > 0 && {
      required_pull_request_reviews: {
        url: `${url}/required_pull_request_reviews`,
        dismiss_stale_reviews: false,
        require_code_owner_reviews: false,
        required_approving_review_count: o.approvals,
      },
    }),
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

async function compare(world: World, c: Ctx, repository: Repository, baseName: string, headName: string) {
  const git = world.git(repository);
  const [base, head] = await Promise.all([
    commitAt(world, repository, baseName.replace(`${repository.owner}:`, '')),
    commitAt(world, repository, headName.replace(`${repository.owner}:`, '')),
  ]).catch(() => {
    throw notFound();
  });
  const forked = await git.mergeBase(base.sha, head.sha);
  const merge = forked === null ? null : await git.commit(forked);
  if (!merge) throw notFound('No common ancestor between the two revisions');
  const [ahead, behind, files] = await Promise.all([
    git.between(base.sha, head.sha),
    git.between(head.sha, base.sha),
    git.diff(merge.sha, head.sha),
  ]);
  const commits = await Promise.all(page(c, [...ahead].reverse()).map(sha => git.commit(sha)));
  const html = `${htmlUrl(world, repository)}/compare/${baseName}...${headName}`;
  return {
    url: `${apiUrl(world, repository)}/compare/${baseName}...${headName}`,
    html_url: html,
    permalink_url: `${htmlUrl(world, repository)}/compare/${base.sha}...${head.sha}`,
    diff_url: `${html}.diff`,
    patch_url: `${html}.patch`,
    base_commit: presentCommit(world, repository, base),
    merge_base_commit: presentCommit(world, repository, merge),
    status: statusOf(ahead.length, behind.length),
    ahead_by: ahead.length,
    behind_by: behind.length,
    total_commits: ahead.length,
    commits: commits.filter(one => one !== null).map(one => presentCommit(world, repository, one)),
    files: files.map(file => presentFile(world, repository, file, head.sha)),
  };
}

function statusOf(ahead: number, behind: number) {
  if (ahead > 0) return behind > 0 ? 'diverged' : 'ahead';
  return behind > 0 ? 'behind' : 'identical';
}
