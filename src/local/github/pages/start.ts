/** The start page, and the way from a repository's address to its issues. */
import { fullName, type World } from '../world.ts';
import { pathOf } from './links.ts';
import { html } from './markup.ts';
import { frame, type Pages, repositoryAt } from './page.ts';
import { cloneLine } from './parts.ts';

export function startPages(pages: Pages, world: World): void {
  pages.get('/', c => {
    const items = world.state.repositories.map(
      repository => html`<li><a href="${pathOf(repository, 'issues')}"><b>${fullName(repository)}</b></a>
<span class="quiet">${cloneLine(world, repository)}</span></li>`,
    );
    const content = html`<h1>Repositories</h1><ul class="list box">${items}</ul>`;
    return c.html(frame({ title: 'Repositories', repository: null, content }));
  });
  pages.get('/:owner/:repo', c => c.redirect(pathOf(repositoryAt(world, c), 'issues')));
}
