/** All repositories, those of one owner, and the App. */
import { notFound } from '../errors.ts';
import type { Repository } from '../state.ts';
import { fullName, sameName, type World } from '../world.ts';
import { pathOf } from './links.ts';
import { type Html, html } from './markup.ts';
import { frame, type Pages } from './page.ts';
import { ago } from './time.ts';

export function profilePages(pages: Pages, world: World): void {
  const answer = (title: string, content: Html) =>
    frame({ title, repository: null, content: html`<h1>${title}</h1>${content}` });
  pages.get('/', c => c.html(answer('Repositories', repositoryList(world, world.state.repositories))));
  pages.get('/:owner', c => {
    const account = world.state.accounts.find(one => sameName(one.login, c.req.param('owner')));
    if (!account) throw notFound();
    const owned = world.state.repositories.filter(one => sameName(one.owner, account.login));
    return c.html(answer(account.login, repositoryList(world, owned)));
  });
  pages.get('/apps/:slug', c => {
    const { slug, name } = world.options.app;
    if (c.req.param('slug') !== slug) throw notFound();
    return c.html(
      answer(
        name,
        html`<p>The App that works on these repositories.</p>${repositoryList(world, world.state.repositories)}`,
      ),
    );
  });
}

function repositoryList(world: World, shown: readonly Repository[]): Html {
  if (shown.length === 0) return html`<p class="quiet">There are no repositories yet.</p>`;
  const item = (repository: Repository) => html`<li>
<a href="${pathOf(repository)}"><b>${fullName(repository)}</b></a>${repository.private && html` <span class="badge">private</span>`}
<span class="quiet">pushed ${ago(world, repository.pushedAt)}</span>
</li>`;
  return html`<ul class="list box">${shown.map(item)}</ul>`;
}
