/** Issues: lists of them (and of pull requests), and one with its comments. */
import type { Context } from 'hono';
import { isPull } from '../http.ts';
import type { Issue, Repository } from '../state.ts';
import type { World } from '../world.ts';
import { REFRESH_SECONDS } from './checks.ts';
import { commentLink } from './comment.ts';
import { issuePath } from './links.ts';
import { type Html, html } from './markup.ts';
import { frame, issueAt, type Pages, paged, repositoryAt } from './page.ts';
import { comment, labels, person, stateBadge } from './parts.ts';
import { ago } from './time.ts';

export function issuePages(pages: Pages, world: World): void {
  pages.get('/:owner/:repo/issues', c => list(world, c, 'issues'));
  pages.get('/:owner/:repo/pulls', c => list(world, c, 'pulls'));
  pages.get('/:owner/:repo/issues/:number', c => {
    const repository = repositoryAt(world, c);
    const issue = issueAt(repository, c);
    if (isPull(issue)) return c.redirect(issuePath(repository, issue));
    const content = html`${heading(world, issue)}${labelLine(issue)}${conversation(world, repository, issue)}`;
    const refreshSeconds = isBusy(repository) ? REFRESH_SECONDS : undefined;
    const title = `${issue.title} #${issue.number}`;
    return c.html(frame({ title, repository, tab: 'issues', content, refreshSeconds }));
  });
}

/** Whether something runs, so that a page may soon be out of date. */
export const isBusy = (repository: Repository) => repository.runs.some(run => run.status !== 'completed');

/** All of them, newest first. */
function list(world: World, c: Context, kind: 'issues' | 'pulls') {
  const repository = repositoryAt(world, c);
  const all = repository.issues.filter(issue => isPull(issue) === (kind === 'pulls'));
  const { shown, more } = paged(c, all.reverse());
  const title = kind === 'pulls' ? 'Pull requests' : 'Issues';
  const none = html`<p class="quiet">There are none.</p>`;
  const content = html`<h1>${title}</h1>
${shown.length === 0 ? none : html`<ul class="list box">${shown.map(issue => item(world, repository, issue))}</ul>`}${more}`;
  const refreshSeconds = isBusy(repository) ? REFRESH_SECONDS : undefined;
  return c.html(frame({ title, repository, tab: kind, content, refreshSeconds }));
}

function item(world: World, repository: Repository, issue: Issue): Html {
  const comments = repository.comments.filter(one => one.number === issue.number).length;
  const talk = comments === 0 ? '' : `, ${comments} ${comments === 1 ? 'comment' : 'comments'}`;
  return html`<li>${stateBadge(issue)} <a href="${issuePath(repository, issue)}">${issue.title}</a>${labels(issue)}
<span class="quiet">#${issue.number} opened ${ago(world, issue.createdAt)} by ${person(issue.user)}${talk}</span></li>`;
}

/** Title, state and author. */
export function heading(world: World, issue: Issue): Html {
  return html`<h1>${issue.title} <span class="quiet">#${issue.number}</span></h1>
<p>${stateBadge(issue)} ${person(issue.user)} <span class="quiet">opened this ${ago(world, issue.createdAt)}</span></p>`;
}

export function labelLine(issue: Issue): Html {
  return issue.labels.length === 0 ? html`` : html`<p>Labels:${labels(issue)}</p>`;
}

/** What was written, in order, and how it ended. */
export function conversation(world: World, repository: Repository, issue: Issue): Html {
  const { user, createdAt, reactions } = issue;
  const first = { anchor: `issue-${issue.id}`, user, body: issue.body ?? '', createdAt };
  const answers = repository.comments.filter(one => one.number === issue.number);
  return html`${comment(world, repository, { ...first, edited: false, reactions })}
${answers.map(one => comment(world, repository, { ...one, anchor: `issuecomment-${one.id}`, edited: one.updatedAt !== one.createdAt }))}
${ending(world, issue)}${commentLink(world, repository, issue)}`;
}

function ending(world: World, issue: Issue): Html {
  const merged = issue.pull?.mergedAt;
  if (merged)
    return html`<p class="event">${stateBadge(issue)} ${person(issue.pull?.mergedBy ?? '')} merged this ${ago(world, merged)}</p>`;
  if (issue.closedAt === null) return html``;
  return html`<p class="event">${stateBadge(issue)} ${person(issue.closedBy ?? '')} closed this ${ago(world, issue.closedAt)}</p>`;
}
