/** Writing a comment: a page of its own, because pages on which something runs reload themselves and would lose the text. */
import { addComment } from '../issues.ts';
import type { Issue, Repository } from '../state.ts';
import type { World } from '../world.ts';
import { issuePath, pathOf } from './links.ts';
import { type Html, html } from './markup.ts';
import { frame, issueAt, type Pages, problem, repositoryAt } from './page.ts';

const MAX_CHARACTERS = 65_536;

export function commentPages(pages: Pages, world: World): void {
  pages.get('/:owner/:repo/issues/:number/comment', c => {
    const repository = repositoryAt(world, c);
    return c.html(form(world, repository, issueAt(repository, c)));
  });
  pages.post('/:owner/:repo/issues/:number/comment', async c => {
    const repository = repositoryAt(world, c);
    const issue = issueAt(repository, c);
    const author = authorOf(world);
    // Any site can make a browser send a form here, but only our own page knows the signature.
    if (author === null || !world.isSigned(new URL(c.req.url))) return c.html(problem(404), 404);
    const { body } = await c.req.parseBody();
    const text = typeof body === 'string' ? body.replaceAll('\r\n', '\n').slice(0, MAX_CHARACTERS) : '';
    if (text.trim() === '') return c.redirect(commentPath(repository, issue), 303);
    const { id } = addComment(world, repository, issue, author, text);
    return c.redirect(`${issuePath(repository, issue)}#issuecomment-${id}`, 303);
  });
}

/** Leads to the page for a comment; empty where nobody can write one. */
export function commentLink(world: World, repository: Repository, issue: Issue): Html {
  const author = authorOf(world);
  if (author === null) return html``;
  return html`<p><a class="button" href="${commentPath(repository, issue)}">Comment</a>
<span class="quiet">as ${author}, for example <code>${exampleFor(issue)}</code></span></p>`;
}

function form(world: World, repository: Repository, issue: Issue): Html {
  const path = commentPath(repository, issue);
  const { search } = new URL(world.sign(path));
  const content = html`<h1>Comment on <a href="${issuePath(repository, issue)}">#${issue.number} ${issue.title}</a></h1>
<form method="post" action="${path}${search}">
<p><textarea name="body" rows="6" required maxlength="${MAX_CHARACTERS}" aria-label="Comment" autofocus placeholder="${exampleFor(issue)}"></textarea></p>
<p><button type="submit">Comment</button> <span class="quiet">as ${authorOf(world) ?? ''}. Commands go on the first line; <code>/research help</code> lists them.</span></p>
</form>`;
  return frame({
    title: `Comment on #${issue.number}`,
    repository,
    tab: issue.pull ? 'pulls' : 'issues',
    content,
  });
}

const exampleFor = (issue: Issue) => (issue.pull ? '/research rerun' : '/research 3');

const commentPath = (repository: Repository, issue: Issue) =>
  pathOf(repository, 'issues', issue.number, 'comment');

/** Who comments in the browser: the first person of this server. */
function authorOf(world: World): string | null {
  return world.options.users[0]?.login ?? null;
}
