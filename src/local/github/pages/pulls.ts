/** One pull request: what was said, what was measured, what it changes. */
import type { Commit } from '../git/parse.ts';
import { isPull } from '../http.ts';
import { commitsOf } from '../pulls.ts';
import type { PullIssue, Repository } from '../state.ts';
import type { World } from '../world.ts';
import { checkList, REFRESH_SECONDS } from './checks.ts';
import { diffView } from './diff.ts';
import { conversation, heading, isBusy, labelLine } from './issues.ts';
import { issuePath } from './links.ts';
import { type Html, html } from './markup.ts';
import { frame, issueAt, type Pages, repositoryAt } from './page.ts';
import { commitName, person } from './parts.ts';
import { ago } from './time.ts';

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
  const commits = await commitsOf(world, repository, issue);
  const files = await git.diff(await git.mergeBase(pull.baseSha, pull.headSha), pull.headSha);
  const checks = repository.checkRuns.filter(check => check.headSha === pull.headSha);
  return html`${heading(world, issue)}
<p class="quiet">Into <code>${pull.base}</code> from <code>${pull.head}</code>${
    pull.mergeCommitSha !== null &&
    pull.mergedAt !== null &&
    html`, merged as ${commitName(pull.mergeCommitSha)}`
  }</p>
${labelLine(issue)}
${conversation(world, repository, issue)}
<h2 id="checks">Checks</h2>
${checks.length === 0 ? html`<p class="quiet">None has run on ${commitName(pull.headSha)}.</p>` : checkList(world, repository, checks)}
<h2 id="commits">Commits</h2>
<ul class="list box">${commits.map(commit => commitItem(world, commit))}</ul>
<h2 id="files">Changes</h2>
${diffView(files)}`;
}

function commitItem(world: World, { sha, message, author, committer }: Commit): Html {
  return html`<li>${message.split('\n', 1)[0] || 'No message'}
<span class="quiet">${commitName(sha)} ${person(author.name)} ${ago(world, committer.date)}</span></li>`;
}
