/** Web pages for people who watch a campaign: to be read and commented on, without scripts. */
import { readFileSync } from 'node:fs';
import { Hono } from 'hono';
import { GitHubError } from '../errors.ts';
import type { World } from '../world.ts';
import { actionPages } from './actions.ts';
import { checkPages } from './checks.ts';
import { commentPages } from './comment.ts';
import { issuePages } from './issues.ts';
import { newFilePages } from './new-file.ts';
import { type Pages, problem, STYLE_PATH } from './page.ts';
import { pullPages } from './pulls.ts';
import { rawPages } from './raw.ts';
import { startPages } from './start.ts';

const STYLE = readFileSync(new URL('./style.css', import.meta.url), 'utf8');

/** Nothing runs, nothing is loaded from elsewhere, and nothing is sent elsewhere. */
const PAGE_POLICY =
  "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/** For a file of a repository that is opened by itself, such as a picture with a script in it. */
const FILE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox";

const PROTECTION = {
  'x-content-type-options': 'nosniff',
  // A form that posts to this server names it as its origin.
  'referrer-policy': 'same-origin',
  'cache-control': 'no-store',
  'cross-origin-resource-policy': 'same-origin',
};

/** Answers with pages where the server was started with `pages`; everything else is a plain 404. */
export function pageHandler(world: World): (request: Request) => Promise<Response> {
  const pages: Pages = new Hono();
  pages.use(async (c, next) => {
    await next();
    const isPage = c.res.headers.get('content-type')?.startsWith('text/html') === true;
    c.header('content-security-policy', isPage ? PAGE_POLICY : FILE_POLICY);
    for (const [name, value] of Object.entries(PROTECTION)) c.header(name, value);
  });
  pages.get(STYLE_PATH, c => c.body(STYLE, 200, { 'content-type': 'text/css; charset=utf-8' }));
  const groups = [
    startPages,
    issuePages,
    commentPages,
    pullPages,
    checkPages,
    actionPages,
    rawPages,
    newFilePages,
  ];
  for (const add of groups) add(pages, world);
  pages.notFound(c => c.html(problem(404), 404));
  pages.onError((error, c) => {
    if (error instanceof GitHubError && error.status === 404) return c.html(problem(404), 404);
    world.report(error);
    return c.html(problem(500), 500);
  });
  return async request => {
    return world.options.pages === true ? pages.fetch(request) : new Response('Not Found\n', { status: 404 });
  };
}
