/** One pull request: what was said, what was measured, what it changes. */
import { isPull } from '../http.ts';
import type { PullIssue } from '../present/pull.ts';
import type { Repository } from '../state.ts';
import type { World } from '../world.ts';
import { checkList, REFRESH_SECONDS } from './checks.ts';
import { commitItem } from './commits.ts';
import { diffView } from './diff.ts';
import { conversation, heading, isBusy, issueAt, labelLine } from './issues.ts';
import { issuePath, pathOf } from './links.ts';
import { type Html, html } from './markup.ts';
import { frame, type Pages, repositoryAt } from './page.ts';
import { commitLink } from './parts.ts';

export function pullPages(pages: Pages, world: World): void {
  pages.get('/:owner/:repo/pull/:number', async c => {
    const repository = repositoryAt(world, c);
    const issue = issueAt(repository, c);
    if (!isPull(issue)) return c.redirect(issuePath(repository, issue));
    const refreshSeconds = issue.state === 'open' && isBusy(repository) ? REFRESH_SECONDS : undefined;
    const title = `${issue.title} #${issue.number}`;
    const content = await pullView(world, repository, issue);
    return c.html(frame({ title, repository, tab: 'pulls', content, refreshSeconds }));
  });
}

async function pullView(world: World, repository: Repository, issue: PullIssue): Promise<Html> {
  const git = world.git(repository);
  const { pull } = issue;
  const shas = await git.between(pull.baseSha, pull.headSha);
  const commits = (await Promise.all([...shas].reverse().map(git.commit))).filter(one => one !== null);
  const files = await git.diff(await git.mergeBase(pull.baseSha, pull.headSha), pull.headSha);
  const checks = repository.checkRuns.filter(check => check.headSha === pull.headSha);
  return html`${heading(world, issue)}
<p class="quiet">Into <a href="${pathOf(repository, 'tree', pull.base)}"><code>${pull.base}</code></a> from <code>${pull.head}</code>${
    pull.mergeCommitSha !== null &&
    pull.mergedAt !== null &&
    html`, merged as ${commitLink(repository, pull.mergeCommitSha)}`
  }</p>
${labelLine(repository, issue)}
${conversation(world, repository, issue)}
<h2 id="checks">Checks</h2>
${checks.length === 0 ? html`<p class="quiet">None has run on ${commitLink(repository, pull.headSha)}.</p>` : checkList(world, repository, checks)}
<h2 id="commits">Commits</h2>
<ul class="list box">${commits.map(commit => commitItem(world, repository, commit))}</ul>
<h2 id="files">Changes</h2>
${diffView(repository, pull.headSha, files)}`;
}
