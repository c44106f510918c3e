/** Moving refs, and what follows from it: push events, pull requests that are synchronized, closed or merged. */
import { WORKFLOWS } from './actions/workflow.ts';
import { invalid, withoutWorkflows } from './errors.ts';
import type { RefUpdate } from './git/refs.ts';
import { isPull } from './http.ts';
import { emitIssue, setState, touch } from './issues.ts';
import { emitPush } from './push-event.ts';
import type { RefChange } from './ref-change.ts';
import type { Repository } from './state.ts';
import { botLogin, timestamp, type World } from './world.ts';

/** Updates refs and sees to the consequences. Throws 422 where git refuses. Call it inside `exclusive`. */
export async function moveRefs(
  world: World,
  repository: Repository,
  login: string,
  updates: readonly Required<RefUpdate>[],
): Promise<void> {
  const git = world.git(repository);
  if (login === botLogin(world)) {
    // Without the `workflows` permission it may not bring new commits that touch them.
    for (const { ref, to } of updates)
      if (to !== null && (await git.bringsNew(to, WORKFLOWS))) throw withoutWorkflows(ref);
  }
  try {
    await git.updateRefs(updates);
  } catch {
    throw invalid('Reference update failed');
  }
  await afterRefChanges(world, repository, login, updates);
}

/** What follows from refs that have changed in git. */
export async function afterRefChanges(
  world: World,
  repository: Repository,
  login: string,
  changes: readonly RefChange[],
): Promise<void> {
  repository.pushedAt = timestamp(world);
  world.changed();
  for (const change of changes) {
    if (change.from === change.to) continue;
    await emitPush(world, repository, login, change);
    if (!change.ref.startsWith('refs/heads/')) continue;
    const branch = change.ref.slice('refs/heads/'.length);
    await headMoved(world, repository, login, branch, change.to);
    if (change.to !== null) await baseMoved(world, repository, login, branch, change.to);
  }
}

async function headMoved(
  world: World,
  repository: Repository,
  login: string,
  branch: string,
  to: string | null,
): Promise<void> {
  const git = world.git(repository);
  for (const issue of repository.issues) {
    if (!isPull(issue) || issue.state !== 'open' || issue.pull.head !== branch) continue;
    if (to === null) {
      await setState(world, repository, issue, login, 'closed');
      continue;
    }
    const before = issue.pull.headSha;
    issue.pull.headSha = to;
    issue.pull.baseSha = (await git.refSha(`refs/heads/${issue.pull.base}`)) ?? issue.pull.baseSha;
    issue.pull.mergeability = 'fresh';
    await git.updateRefs([{ ref: `refs/pull/${issue.number}/head`, to }]);
    touch(world, issue);
    await emitIssue(world, repository, issue, login, 'synchronize', { before, after: to });
  }
}

/** Mergeability has to be computed again; a pull request whose commits all arrived counts as merged. */
async function baseMoved(
  world: World,
  repository: Repository,
  login: string,
  branch: string,
  to: string,
): Promise<void> {
  for (const issue of repository.issues) {
    if (!isPull(issue) || issue.state !== 'open' || issue.pull.base !== branch) continue;
    issue.pull.mergeability = 'stale';
    if ((await world.git(repository).mergeBase(to, issue.pull.headSha)) !== issue.pull.headSha) continue;
    Object.assign(issue.pull, { mergedAt: timestamp(world), mergedBy: login, mergeCommitSha: to });
    await setState(world, repository, issue, login, 'closed');
  }
}
