/** Moving branches, and what follows from it for pull requests. */

import { changePull } from './issues.ts';
import { invalid } from './refusal.ts';
import { announce, type Model } from './state.ts';

/** Throws 422 for a branch that exists, that is in another's way, or that points at nothing. */
export function createBranch(model: Model, actor: string, name: string, sha: string): void {
  if (model.branches.get(name)) throw invalid('Reference already exists');
  if (!model.git.commit(sha)) throw invalid('Object does not exist');
  const inTheWay = model.branches
    .values()
    .some(other => other.name.startsWith(`${name}/`) || name.startsWith(`${other.name}/`));
  if (inTheWay) throw invalid('Reference update failed');
  setBranch(model, actor, name, sha);
}

/** Forced, like a push with `--force`. Throws 422. */
export function moveBranch(model: Model, actor: string, name: string, sha: string): void {
  if (!model.branches.get(name)) throw invalid('Reference does not exist');
  if (!model.git.commit(sha)) throw invalid('Object does not exist');
  setBranch(model, actor, name, sha);
}

/** Throws 422 where there is no such branch. */
export function deleteBranch(model: Model, actor: string, name: string): void {
  if (!model.branches.get(name)) throw invalid('Reference does not exist');
  setBranch(model, actor, name, null);
}

/** @param merged the pull request whose merge this is */
export function setBranch(
  model: Model,
  actor: string,
  name: string,
  sha: string | null,
  merged: number | null = null,
): void {
  const before = model.branches.get(name);
  if (before?.sha === sha) return;
  const after = sha === null ? undefined : { name, sha };
  if (after) model.branches.set(name, after);
  else model.branches.delete(name);
  announce(model, { table: 'branches', actor, before, after, merged });
  for (const pull of model.pulls.values()) {
    if (pull.state !== 'open') continue;
    if (pull.branch === name)
      changePull(
        model,
        actor,
        pull.number,
        sha === null ? { state: 'closed' } : { headSha: sha, mergeability: 'known' },
      );
    else if (pull.base === name && sha !== null) baseMoved(model, actor, pull.number, sha);
  }
}

/** A pull request whose commits all arrived on its base counts as merged; of others, mergeability is computed again. */
function baseMoved(model: Model, actor: string, number: number, sha: string): void {
  const pull = model.pulls.get(number);
  if (!pull) return;
  if (model.git.isAncestor(pull.headSha, sha))
    changePull(model, actor, number, { state: 'merged', mergeCommit: sha });
  else model.pulls.set(number, { ...pull, mergeability: 'stale' });
}
