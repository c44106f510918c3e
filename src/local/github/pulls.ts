/** Opening and merging pull requests. */
import { WORKFLOWS } from './actions/workflow.ts';
import { GitHubError, invalid, withoutWorkflows } from './errors.ts';
import type { Git } from './git/git.ts';
import type { Commit, Signature } from './git/parse.ts';
import { addIssue, setState } from './issues.ts';
import { ruleAgainst } from './pull-facts.ts';
import { moveRefs } from './refs.ts';
import type { PullIssue, Repository } from './state.ts';
import { account, botLogin, nextId, timestamp, type World } from './world.ts';

export const MERGE_METHODS = ['merge', 'squash', 'rebase'] as const;

const refused = (message: string) =>
  invalid('Validation Failed', [{ resource: 'PullRequest', code: 'custom', message }]);

/** Opens a pull request between two branches of the repository. Throws 422 where GitHub would. Call it inside `exclusive`. */
export async function openPull(
  world: World,
  repository: Repository,
  user: string,
  o: { title: string; body: string | null; head: string; base: string },
): Promise<PullIssue> {
  const git = world.git(repository);
  const head = o.head.startsWith(`${repository.owner}:`) ? o.head.slice(repository.owner.length + 1) : o.head;
  const [headSha, baseSha] = await Promise.all([
    git.refSha(`refs/heads/${head}`),
    git.refSha(`refs/heads/${o.base}`),
  ]);
  if (headSha === null)
    throw invalid('Validation Failed', [{ resource: 'PullRequest', field: 'head', code: 'invalid' }]);
  if (baseSha === null)
    throw invalid('Validation Failed', [{ resource: 'PullRequest', field: 'base', code: 'invalid' }]);
  const twin = repository.issues.some(
    one => one.state === 'open' && one.pull?.head === head && one.pull.base === o.base,
  );
  if (twin) throw refused(`A pull request already exists for ${repository.owner}:${head}.`);
  if ((await git.mergeBase(baseSha, headSha)) === null) {
    throw refused(`The ${head} branch has no history in common with ${o.base}`);
  }
  if ((await git.between(baseSha, headSha)).length === 0) {
    throw refused(`No commits between ${o.base} and ${head}`);
  }
  const pull = {
    id: nextId(world),
    head,
    headSha,
    base: o.base,
    baseSha,
    mergeability: 'fresh' as const,
    mergedAt: null,
    mergedBy: null,
    mergeCommitSha: null,
  };
  const issue: PullIssue = addIssue(world, repository, { title: o.title, body: o.body, user, pull });
  await git.updateRefs([{ ref: `refs/pull/${issue.number}/head`, to: headSha }]);
  return issue;
}

export interface MergeRequest {
  method: (typeof MERGE_METHODS)[number];
  sha: string | undefined;
  title: string | undefined;
  message: string | undefined;
}

/** Merges a pull request and returns the new tip of its base. Throws 405 or 409 where GitHub would. Call it inside `exclusive`. */
export async function mergePull(
  world: World,
  repository: Repository,
  login: string,
  issue: PullIssue,
  o: MergeRequest,
): Promise<string> {
  const git = world.git(repository);
  const { pull } = issue;
  refuseMerge(repository, issue, o);
  const ref = `refs/heads/${pull.base}`;
  const tip = await git.refSha(ref);
  const tree = tip && (await git.merge(tip, pull.headSha));
  if (!tip || !tree) throw new GitHubError(405, 'Pull Request is not mergeable');
  if (login === botLogin(world)) await refuseWorkflowChange(git, tip, tree);
  const commits = await commitsOf(world, repository, issue);
  const author = identity(world, o.method === 'squash' ? issue.user : login);
  const sha = await git.writeCommit({
    tree,
    parents: o.method === 'squash' ? [tip] : [tip, pull.headSha],
    message: messageOf(repository, issue, o, commits),
    author,
    committer: { name: 'GitHub', email: 'noreply@github.com', date: timestamp(world) },
  });
  // The pull request is closed first, so that its own merge neither makes it stale nor counts as a push to it.
  const open = { ...pull, state: issue.state };
  Object.assign(pull, { mergedAt: timestamp(world), mergedBy: login, mergeCommitSha: sha });
  issue.state = 'closed';
  try {
    await moveRefs(world, repository, login, [{ ref, from: tip, to: sha }]);
  } catch (error) {
    const { mergedAt, mergedBy, mergeCommitSha, state } = open;
    Object.assign(pull, { mergedAt, mergedBy, mergeCommitSha });
    issue.state = state;
    throw error;
  }
  issue.state = 'open';
  await setState(world, repository, issue, login, 'closed');
  return sha;
}

/** Throws for what GitHub refuses before it looks at the trees. */
function refuseMerge(repository: Repository, issue: PullIssue, o: MergeRequest): void {
  const { pull } = issue;
  if (issue.state === 'closed') throw new GitHubError(405, 'Pull Request is not mergeable');
  if (o.sha !== undefined && o.sha !== pull.headSha) {
    throw new GitHubError(409, 'Head branch was modified. Review and try the merge again.');
  }
  if (o.method === 'rebase') {
    throw new GitHubError(405, 'Rebase merges are not allowed on this repository.');
  }
  const stale = pull.mergeability === 'stale';
  pull.mergeability = 'computed';
  if (stale) throw new GitHubError(405, 'Base branch was modified. Review and try the merge again.');
  const rule = ruleAgainst(repository, issue);
  if (rule !== null) throw new GitHubError(405, rule);
}

/** What an App without the `workflows` permission may not merge, whoever wrote it. */
async function refuseWorkflowChange(git: Git, tip: string, tree: string): Promise<void> {
  const [before, after] = await Promise.all([git.entry(tip, WORKFLOWS), git.entry(tree, WORKFLOWS)]);
  if (before?.sha !== after?.sha) throw withoutWorkflows('the merge');
}

/** The commits that a pull request brings, oldest first. */
export async function commitsOf(
  world: World,
  repository: Repository,
  { pull }: PullIssue,
): Promise<Commit[]> {
  const git = world.git(repository);
  return git.commits((await git.between(pull.baseSha, pull.headSha)).toReversed());
}

function messageOf(
  repository: Repository,
  issue: PullIssue,
  o: MergeRequest,
  commits: readonly Commit[],
): string {
  const squash = o.method === 'squash';
  const from = `Merge pull request #${issue.number} from ${repository.owner}/${issue.pull.head}`;
  const title = o.title ?? (squash ? `${issue.title} (#${issue.number})` : from);
  const message = o.message ?? (squash ? squashMessage(commits) : issue.title);
  return message === '' ? title : `${title}\n\n${message}`;
}

function squashMessage(commits: readonly Commit[]): string {
  const [only, ...others] = commits;
  if (only && others.length === 0) return only.message.split('\n').slice(1).join('\n').trim();
  return commits.map(commit => `* ${commit.message}`).join('\n\n');
}

/** Whom a commit made for `login` names. */
export function identity(world: World, login: string): Signature {
  const { id } = account(world, login);
  return { name: login, email: `${id}+${login}@users.noreply.github.com`, date: timestamp(world) };
}
