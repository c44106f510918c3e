/** Files of a branch as they are, such as the chart and the results on `research-log`. */
import { notFound } from '../errors.ts';
import type { World } from '../world.ts';
import { type Pages, repositoryAt } from './page.ts';

/** What a browser shows as a picture. Everything else is served as text, so that no file of a repository becomes a page. */
const PICTURES: Readonly<Record<string, string>> = {
  svg: 'image/svg+xml',
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
};
const TEXT = 'text/plain; charset=utf-8';

export function rawPages(pages: Pages, world: World): void {
  // GitHub has a page around the file there.
  pages.get('/:owner/:repo/blob/:branch/:path{.+}', c => c.redirect(c.req.path.replace('/blob/', '/raw/')));
  pages.get('/:owner/:repo/raw/:branch/:path{.+}', async c => {
    const { branch, path } = c.req.param();
    const git = world.git(repositoryAt(world, c));
    const sha = await git.refSha(`refs/heads/${branch}`);
    const file = sha === null ? null : await git.entry(sha, path);
    if (file?.type !== 'blob') throw notFound();
    const ending = path.split('.').at(-1)?.toLowerCase() ?? '';
    c.header('content-type', PICTURES[ending] ?? TEXT);
    return c.body(new Uint8Array(file.content));
  });
}
