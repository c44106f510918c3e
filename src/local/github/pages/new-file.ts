/** Where GitHub lets people create a file in the browser, and where the bot's comments link to: here it says how to do it with git. */
import type { World } from '../world.ts';
import { html } from './markup.ts';
import { frame, type Pages, repositoryAt } from './page.ts';
import { cloneLine } from './parts.ts';

export function newFilePages(pages: Pages, world: World): void {
  pages.get('/:owner/:repo/new/:branch{.+}', c => {
    const repository = repositoryAt(world, c);
    const { filename = '', value = '' } = c.req.query();
    const content = html`<h1>New file <code>${filename}</code></h1>
<p>Files are not edited here. Add this one to a clone, commit it on <code>${c.req.param('branch')}</code> and push:</p>
<p>${cloneLine(world, repository)}</p>
<section class="box"><p class="head">${filename}</p><pre class="inside">${value}</pre></section>`;
    return c.html(frame({ title: 'New file', repository, content }));
  });
}
