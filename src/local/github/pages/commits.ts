/** Commits: the list of a branch, one of them, and comparisons. */
import { notFound } from '../errors.ts';
import type { Commit } from '../git/parse.ts';
import type { Repository } from '../state.ts';
import type { World } from '../world.ts';
import { checkList } from './checks.ts';
import { diffView } from './diff.ts';
import { pathOf } from './links.ts';
import { type Html, html } from './markup.ts';
import { frame, type Pages, paged, repositoryAt } from './page.ts';
import { commitLink, person } from './parts.ts';
import { spotAt } from './revision.ts';
import { ago } from './time.ts';

export function commitPages(pages: Pages, world: World): void {
  pages.get('/:owner/:repo/commits/:rest{.+}', async c => {
    const repository = repositoryAt(world, c);
    const { revision, commit } = await spotAt(world, repository, c.req.param('rest'));
    const git = world.git(repository);
    const { shown, more } = paged(c, await git.revList(commit.sha));
    const commits = (await Promise.all(shown.map(git.commit))).filter(one => one !== null);
    const content = html`<h1>Commits of ${revision}</h1>
<ul class="list box">${commits.map(one => commitItem(world, repository, one))}</ul>${more}`;
    return c.html(frame({ title: `Commits of ${revision}`, repository, tab: 'code', content }));
  });
  pages.get('/:owner/:repo/commit/:sha{[0-9a-f]{40}}', async c => {
    const repository = repositoryAt(world, c);
    const commit = await world.git(repository).commit(c.req.param('sha'));
    if (!commit) throw notFound();
    const content = await commitView(world, repository, commit);
    return c.html(frame({ title: subject(commit), repository, tab: 'code', content }));
  });
  pages.get('/:owner/:repo/compare/:range{.+}', async c => {
    const repository = repositoryAt(world, c);
    const content = await comparison(world, repository, c.req.param('range'));
    return c.html(frame({ title: c.req.param('range'), repository, tab: 'code', content }));
  });
}

const subject = (commit: Commit) => commit.message.split('\n', 1)[0] || 'No message';

/** One line of a list of commits. */
export function commitItem(world: World, repository: Repository, commit: Commit): Html {
  return html`<li><a href="${pathOf(repository, 'commit', commit.sha)}">${subject(commit)}</a>
<span class="quiet">${commitLink(repository, commit.sha)} ${person(commit.author.name)} ${ago(world, commit.committer.date)}</span></li>`;
}

async function commitView(world: World, repository: Repository, commit: Commit): Promise<Html> {
  const files = await world.git(repository).diff(commit.parents[0] ?? null, commit.sha);
  const body = commit.message.split('\n').slice(1).join('\n').trim();
  const parents = commit.parents.map(sha => html` ${commitLink(repository, sha)}`);
  const checks = repository.checkRuns.filter(check => check.headSha === commit.sha);
  return html`<h1>${subject(commit)}</h1>
<p>${person(commit.author.name)} <span class="quiet">committed ${ago(world, commit.committer.date)}</span></p>
${body !== '' && html`<pre class="box inside message">${body}</pre>`}
<p class="quiet">Commit <code>${commit.sha}</code>, parent:${parents.length > 0 ? parents : ' none'},
<a href="${pathOf(repository, 'tree', commit.sha)}">all files</a></p>
${checks.length > 0 && html`<h2>Checks</h2>${checkList(world, repository, checks)}`}
<h2>Changes</h2>
${diffView(repository, commit.sha, files)}`;
}

async function comparison(world: World, repository: Repository, range: string): Promise<Html> {
  const [base = '', head = ''] = range.split('...').map(name => name.replace(`${repository.owner}:`, ''));
  const [from, to] = await Promise.all([spotAt(world, repository, base), spotAt(world, repository, head)]);
  const git = world.git(repository);
  const forked = await git.mergeBase(from.commit.sha, to.commit.sha);
  const shas = await git.between(from.commit.sha, to.commit.sha);
  const commits = (await Promise.all(shas.map(git.commit))).filter(one => one !== null);
  return html`<h1>${base} … ${head}</h1>
${commits.length > 0 && html`<ul class="list box">${commits.map(one => commitItem(world, repository, one))}</ul>`}
${diffView(repository, to.commit.sha, await git.diff(forked, to.commit.sha))}`;
}
