/** What every page has: its address's repository, its frame, its answer. */
import type { Context, Hono } from 'hono';
import { notFound } from '../errors.ts';
import { isPull } from '../http.ts';
import type { Issue, Repository } from '../state.ts';
import { findRepository, fullName, type World } from '../world.ts';
import { pathOf } from './links.ts';
import { type Html, html } from './markup.ts';

export type Pages = Hono;
export const STYLE_PATH = '/_pages/style.css';

export interface Page {
  title: string;
  /** null for pages of no repository. */
  repository: Repository | null;
  /** The tab that the page belongs to. */
  tab?: 'issues' | 'pulls' | 'actions';
  content: Html;
  /** The page reloads itself after this many seconds. */
  refreshSeconds?: number | undefined;
}

/** The repository of the address. Throws 404. */
export function repositoryAt(world: World, c: Context): Repository {
  const found = findRepository(world, c.req.param('owner') ?? '', c.req.param('repo') ?? '');
  if (!found) throw notFound();
  return found;
}

/** The issue or pull request in the address. Throws 404. */
export function issueAt(repository: Repository, c: Context): Issue {
  const issue = repository.issues[Number(c.req.param('number')) - 1];
  if (!issue) throw notFound();
  return issue;
}

/** The whole page. */
export function frame(page: Page): Html {
  const { title, repository, content, refreshSeconds } = page;
  const name = repository ? fullName(repository) : 'GitHub on this machine';
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
${refreshSeconds === undefined ? '' : html`<meta http-equiv="refresh" content="${refreshSeconds}">`}
<title>${title} · ${name}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${STYLE_PATH}">
</head>
<body>
<header>
<p class="where"><a href="/">Local GitHub</a>${repository && whereabouts(repository)}</p>
${repository && tabs(repository, page.tab)}
</header>
<main>
${content}
</main>
</body>
</html>
`;
}

const whereabouts = (repository: Repository): Html =>
  html` / <a href="${pathOf(repository, 'issues')}"><b>${fullName(repository)}</b></a>${repository.private && html` <span class="badge">private</span>`}`;

function tabs(repository: Repository, current: Page['tab']): Html {
  const open = (wanted: (issue: Issue) => boolean) =>
    repository.issues.filter(issue => issue.state === 'open' && wanted(issue)).length;
  const running = repository.runs.filter(run => run.status !== 'completed').length;
  const all = [
    ['issues', 'Issues', pathOf(repository, 'issues'), open(issue => !isPull(issue))],
    ['pulls', 'Pull requests', pathOf(repository, 'pulls'), open(isPull)],
    ['actions', 'Actions', pathOf(repository, 'actions'), running],
  ] as const;
  const tab = ([key, text, path, count]: (typeof all)[number]) =>
    html`<a href="${path}" class="${key === current ? 'current' : ''}">${text}${count > 0 && html` <span class="count">${count}</span>`}</a>`;
  return html`<nav>${all.map(tab)}</nav>`;
}

/** What is said instead of a page. */
export function problem(status: 404 | 500): Html {
  const title = status === 404 ? 'There is no such page' : 'This page cannot be shown';
  const what = status === 404 ? 'Check the address' : 'The server failed; its log says why. Try again';
  const content = html`<h1>${title}</h1><p>${what}, or start from the <a href="/">list of repositories</a>.</p>`;
  return frame({ title, repository: null, content });
}

const PER_PAGE = 50;

/** The part of a list that the address asks for (`?page=` from 1), and links to its neighbours. */
export function paged<T>(c: Context, items: readonly T[]): { shown: T[]; more: Html } {
  const last = Math.max(1, Math.ceil(items.length / PER_PAGE));
  const asked = Number(c.req.query('page'));
  const number = Number.isInteger(asked) && asked > 0 ? Math.min(asked, last) : 1;
  const to = (page: number, text: string) => {
    const url = new URL(c.req.url);
    url.searchParams.set('page', String(page));
    return html`<a href="${url.search}">${text}</a> `;
  };
  const more = html`<p class="more">${number > 1 && to(number - 1, '← Newer')}${number < last && to(number + 1, 'Older →')}</p>`;
  return { shown: items.slice((number - 1) * PER_PAGE, number * PER_PAGE), more: last > 1 ? more : html`` };
}
