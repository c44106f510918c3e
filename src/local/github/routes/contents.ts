/** Files and folders at a revision. */
import { notFound } from '../errors.ts';
import type { TreeEntry } from '../git/parse.ts';
import { type Ctx, repositoryOf, type Server } from '../http.ts';
import { apiUrl, htmlUrl } from '../present/repository.ts';
import { commitAt } from '../revision.ts';
import type { Repository } from '../state.ts';
import type { World } from '../world.ts';

/** Above this, GitHub answers without the content. */
const MAX_INLINE_BYTES = 1_000_000;
const BASE64_LINE = /.{1,60}/g;

export function contentRoutes(server: Server, world: World): void {
  const handle = (c: Ctx) => answer(world, c, c.req.param('path') ?? '');
  server.get('/repos/:owner/:repo/contents', handle);
  server.get('/repos/:owner/:repo/contents/:path{.*}', handle);
}

async function answer(world: World, c: Ctx, path: string) {
  const repository = repositoryOf(world, c, 'read');
  const git = world.git(repository);
  const ref = c.req.query('ref') ?? repository.defaultBranch;
  const clean = path.replace(/^\/+|\/+$/g, '');
  const commit = await commitAt(world, repository, ref).catch(() => {
    throw notFound(`No commit found for the ref ${ref}`);
  });
  const object = clean === '' ? await git.read(commit.tree) : await git.entry(commit.sha, clean);
  if (!object) throw notFound();
  if (object.type === 'blob') {
    if (/[.+]raw\b/.test(c.req.header('accept') ?? '')) {
      c.header('content-type', 'application/vnd.github.raw; charset=utf-8');
      return c.body(new Uint8Array(object.content));
    }
    return c.json(presentFile(world, repository, ref, clean, object.sha, object.content));
  }
  const folder = await git.tree(object.sha);
  const entries = (folder?.entries ?? []).map(entry => presentEntry(world, repository, ref, clean, entry));
  return c.json(await Promise.all(entries));
}

function presentFile(
  world: World,
  repository: Repository,
  ref: string,
  path: string,
  sha: string,
  content: Buffer,
) {
  const inline = content.length <= MAX_INLINE_BYTES;
  const lines = content.toString('base64').match(BASE64_LINE) ?? [];
  return {
    ...place(world, repository, ref, path, sha, 'file'),
    size: content.length,
    content: inline ? lines.map(line => `${line}\n`).join('') : '',
    encoding: inline ? 'base64' : 'none',
  };
}

async function presentEntry(
  world: World,
  repository: Repository,
  ref: string,
  folder: string,
  { path: name, sha, type }: TreeEntry,
) {
  const path = folder === '' ? name : `${folder}/${name}`;
  const kind = type === 'tree' ? 'dir' : type === 'commit' ? 'submodule' : 'file';
  const size = kind === 'file' ? (await world.git(repository).read(sha))?.content.length : 0;
  return { ...place(world, repository, ref, path, sha, kind), size: size ?? 0 };
}

function place(
  world: World,
  repository: Repository,
  ref: string,
  path: string,
  sha: string,
  type: 'file' | 'dir' | 'submodule',
) {
  const encoded = path.split('/').map(encodeURIComponent).join('/');
  const url = `${apiUrl(world, repository)}/contents/${encoded}?ref=${encodeURIComponent(ref)}`;
  const kind = type === 'dir' ? 'tree' : 'blob';
  const html = `${htmlUrl(world, repository)}/${kind}/${ref}/${encoded}`;
  const git = `${apiUrl(world, repository)}/git/${kind}s/${sha}`;
  return {
    type,
    name: path.split('/').at(-1) ?? '',
    path,
    sha,
    url,
    git_url: git,
    html_url: html,
    download_url: type === 'file' ? `${htmlUrl(world, repository)}/raw/${ref}/${encoded}` : null,
    _links: { self: url, git, html },
  };
}
