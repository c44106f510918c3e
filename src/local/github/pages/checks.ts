/** Check runs. */

import { notFound } from '../errors.ts';
import { presentApp } from '../present/account.ts';
import type { CheckRun, Repository } from '../state.ts';
import type { World } from '../world.ts';
import { pathOf } from './links.ts';
import { type Html, html } from './markup.ts';
import { frame, type Pages, repositoryAt } from './page.ts';
import { commitName, markdownOf, outcomeMark } from './parts.ts';
import { ago, lasted } from './time.ts';

export const REFRESH_SECONDS = 5;

export function checkPages(pages: Pages, world: World): void {
  pages.get('/:owner/:repo/runs/:id', c => {
    const repository = repositoryAt(world, c);
    const check = repository.checkRuns.find(one => one.id === Number(c.req.param('id')));
    if (!check) throw notFound();
    const refreshSeconds = check.status === 'completed' ? undefined : REFRESH_SECONDS;
    const content = checkView(world, repository, check);
    return c.html(frame({ title: check.name, repository, tab: 'actions', content, refreshSeconds }));
  });
}

/** One line for each check run. */
export function checkList(world: World, repository: Repository, checks: readonly CheckRun[]): Html {
  const item = (
    check: CheckRun,
  ) => html`<li>${outcomeMark(check)} <a href="${pathOf(repository, 'runs', check.id)}">${check.name}</a>
${check.output.title !== null && html`<span>${check.output.title}</span>`}
<span class="quiet">${check.output.summary !== null && html`${firstLine(check.output.summary)} `}${detailsLink(world, check)}</span></li>`;
  return html`<ul class="list box">${checks.map(item)}</ul>`;
}

const firstLine = (text: string) => text.split('\n', 1)[0] ?? '';

/** To the run that the check is about, where that is on this server; addresses elsewhere are shown and not followed. */
function detailsLink(world: World, check: CheckRun): Html {
  if (check.detailsUrl === null) return html``;
  const here = detailsPath(world, check.detailsUrl);
  return here === null ? html`${check.detailsUrl}` : html`<a href="${here}">details</a>`;
}

/** The path on this server that `address` names; also of an earlier start of it, when it had another port. */
function detailsPath(world: World, address: string): string | null {
  const url = URL.canParse(address) ? new URL(address) : null;
  return url?.protocol === 'http:' && url.hostname === new URL(world.url).hostname ? url.pathname : null;
}

function checkView(world: World, repository: Repository, check: CheckRun): Html {
  const { title, summary, text } = check.output;
  const took = lasted(world, check.startedAt, check.completedAt);
  return html`<h1>${outcomeMark(check)} ${check.name}</h1>
<p class="quiet">${check.conclusion ?? check.status.replace('_', ' ')}, by ${presentApp(world, check.app).name}, at ${commitName(check.headSha)},
started ${ago(world, check.startedAt)}, ${took}. ${detailsLink(world, check)}</p>
${title !== null && html`<h2>${title}</h2>`}
${[summary, text].map(one => one !== null && html`<div class="markdown">${markdownOf(repository, one)}</div>`)}`;
}
