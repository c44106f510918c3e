/** The repository's home, its folders and its files. */
import { notFound } from '../errors.ts';
import type { TreeEntry } from '../git/parse.ts';
import type { Repository } from '../state.ts';
import { fullName, type World } from '../world.ts';
import { commitItem } from './commits.ts';
import { pathOf } from './links.ts';
import { renderMarkdown } from './markdown.ts';
import { type Html, html } from './markup.ts';
import { frame, type Pages, repositoryAt } from './page.ts';
import { cloneLine } from './parts.ts';
import { type Spot, spotAt } from './revision.ts';

const LATEST_COMMITS = 5;
const MAX_SHOWN_BYTES = 500_000;
/** What a browser shows as a picture. Everything else is served as text, so that no file of a repository becomes a page. */
const PICTURES: Readonly<Record<string, string>> = {
  svg: 'image/svg+xml',
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
};

export function codePages(pages: Pages, world: World): void {
  pages.get('/:owner/:repo', async c => {
    const repository = repositoryAt(world, c);
    return c.html(frame({ title: 'Home', repository, tab: 'code', content: await home(world, repository) }));
  });
  pages.get('/:owner/:repo/tree/:rest{.+}', async c => {
    const repository = repositoryAt(world, c);
    const spot = await spotAt(world, repository, c.req.param('rest'));
    const content = html`${trail(repository, spot)}${await folder(world, repository, spot)}`;
    return c.html(frame({ title: spot.path || spot.revision, repository, tab: 'code', content }));
  });
  pages.get('/:owner/:repo/blob/:rest{.+}', async c => {
    const repository = repositoryAt(world, c);
    const spot = await spotAt(world, repository, c.req.param('rest'));
    const content = html`${trail(repository, spot)}${fileView(repository, spot, await blobAt(world, repository, spot))}`;
    return c.html(frame({ title: spot.path, repository, tab: 'code', content }));
  });
  pages.get('/:owner/:repo/raw/:rest{.+}', async c => {
    const repository = repositoryAt(world, c);
    const spot = await spotAt(world, repository, c.req.param('rest'));
    const content = await blobAt(world, repository, spot);
    c.header('content-type', pictureType(spot.path) ?? 'text/plain; charset=utf-8');
    return c.body(new Uint8Array(content));
  });
}

async function home(world: World, repository: Repository): Promise<Html> {
  const git = world.git(repository);
  const branch = repository.defaultBranch;
  const tip = await git.refSha(`refs/heads/${branch}`);
  if (tip === null)
    return html`<h1>${repository.name}</h1><p>The repository is empty. ${cloneLine(world, repository)}</p>`;
  const spot = await spotAt(world, repository, branch);
  const shas = await git.revList(`--max-count=${LATEST_COMMITS}`, tip);
  const commits = (await Promise.all(shas.map(git.commit))).filter(one => one !== null);
  const branches = (await git.refs('refs/heads/')).map(one => one.ref.slice('refs/heads/'.length));
  return html`<h1>${fullName(repository)}</h1>
<p>${cloneLine(world, repository)}</p>
${branchLinks(repository, branches)}
${await folder(world, repository, spot)}
<h2>Latest commits <a class="quiet" href="${pathOf(repository, 'commits', branch)}">all</a></h2>
<ul class="list box">${commits.map(commit => commitItem(world, repository, commit))}</ul>
${await readme(world, repository, spot)}`;
}

const SHOWN_BRANCHES = 8;

/** Branches other than the default one; experiments' branches are many, and their pull requests lead to them. */
function branchLinks(repository: Repository, branches: string[]): Html {
  const others = branches
    .filter(name => name !== repository.defaultBranch)
    .sort((a, b) => depth(a) - depth(b));
  const links = others
    .slice(0, SHOWN_BRANCHES)
    .map(name => html` <a class="label" href="${pathOf(repository, 'tree', name)}">${name}</a>`);
  const rest = others.length - links.length;
  return html`<p>Branches: <a class="label" href="${pathOf(repository, 'tree', repository.defaultBranch)}"><b>${repository.defaultBranch}</b></a>${links}${rest > 0 && html` <span class="quiet">and ${rest} more</span>`}</p>`;
}

const depth = (branch: string) => branch.split('/').length;

/** Revision and path, each part leading to its folder. */
function trail(repository: Repository, { revision, path, commit }: Spot): Html {
  const names = path === '' ? [] : path.split('/');
  const name = /^[0-9a-f]{40}$/.test(revision) ? revision.slice(0, 7) : revision;
  const part = (text: string, at: number) =>
    at === names.length - 1
      ? html` / <b>${text}</b>`
      : html` / <a href="${pathOf(repository, 'tree', revision, ...names.slice(0, at + 1))}">${text}</a>`;
  return html`<h1 class="trail"><a href="${pathOf(repository, 'tree', revision)}">${name}</a>${names.map(part)}</h1>
<p class="quiet">at commit <a href="${pathOf(repository, 'commit', commit.sha)}"><code>${commit.sha.slice(0, 7)}</code></a>, <a href="${pathOf(repository, 'commits', revision)}">history</a></p>`;
}

async function folder(world: World, repository: Repository, { revision, commit, path }: Spot): Promise<Html> {
  const found = await world.git(repository).tree(`${commit.sha}:${path}`);
  if (!found) throw notFound();
  const rank = (entry: TreeEntry) => (entry.type === 'tree' ? 0 : 1);
  const entries = [...found.entries].sort((a, b) => rank(a) - rank(b));
  const item = (entry: TreeEntry) => {
    const full = path === '' ? entry.path : `${path}/${entry.path}`;
    const kind = entry.type === 'tree' ? 'tree' : 'blob';
    return html`<li><a href="${pathOf(repository, kind, revision, full)}">${entry.path}${kind === 'tree' && '/'}</a></li>`;
  };
  return html`<ul class="list box files">${entries.map(item)}</ul>`;
}

async function readme(world: World, repository: Repository, { revision, commit }: Spot): Promise<Html> {
  const file = await world.git(repository).read(`${commit.sha}:README.md`);
  if (file?.type !== 'blob') return html``;
  return html`<h2>README.md</h2>${markdownFile(repository, revision, '', file.content)}`;
}

function markdownFile(repository: Repository, revision: string, directory: string, content: Buffer): Html {
  const below = (kind: string) => `${pathOf(repository, kind, revision)}/${directory}`;
  const place = { issues: pathOf(repository, 'issues'), links: below('blob'), images: below('raw') };
  return html`<div class="box markdown">${renderMarkdown(content.toString('utf8'), place, false)}</div>`;
}

async function blobAt(world: World, repository: Repository, { commit, path }: Spot): Promise<Buffer> {
  const object = await world.git(repository).read(`${commit.sha}:${path}`);
  if (object?.type !== 'blob') throw notFound();
  return object.content;
}

const pictureType = (path: string) => PICTURES[/\.(\w+)$/.exec(path)?.[1]?.toLowerCase() ?? ''];

function fileView(repository: Repository, { revision, path }: Spot, content: Buffer): Html {
  const raw = pathOf(repository, 'raw', revision, path);
  const link = html`<p class="quiet">${content.length} bytes, <a href="${raw}">raw</a></p>`;
  if (pictureType(path)) return html`${link}<p class="box picture"><img src="${raw}" alt="${path}"></p>`;
  if (content.length > MAX_SHOWN_BYTES || content.includes(0))
    return html`${link}<p>The file is not shown here.</p>`;
  if (/\.md$/i.test(path))
    return html`${link}${markdownFile(repository, revision, path.replace(/[^/]+$/, ''), content)}`;
  const lines = content.toString('utf8').replace(/\n$/, '').split('\n');
  const line = (text: string, at: number) =>
    html`<tr id="L${at + 1}"><td><a href="#L${at + 1}">${at + 1}</a></td><td>${text}</td></tr>`;
  return html`${link}<div class="box scroll"><table class="code">${lines.map(line)}</table></div>`;
}
