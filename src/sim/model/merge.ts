/** Merging a pull request in the model of GitHub. */
import { changePull, pullOf } from './issues.ts';
import { setBranch } from './refs.ts';
import { Refusal } from './refusal.ts';
import { type Model, timestamp, tipOf } from './state.ts';

/** Squashes a pull request onto its base and returns the new tip. Throws 405 and 409 where GitHub does. */
export function mergePull(
  model: Model,
  actor: string,
  number: number,
  { sha, message }: { sha: string; message: string },
): string {
  const pull = pullOf(model, number);
  if (pull.state !== 'open') throw new Refusal(405, 'Pull Request is not mergeable');
  if (sha !== pull.headSha)
    throw new Refusal(409, 'Head branch was modified. Review and try the merge again.');
  if (pull.mergeability === 'stale') {
    model.pulls.set(number, { ...pull, mergeability: 'known' });
    throw new Refusal(405, 'Base branch was modified. Review and try the merge again.');
  }
  if (model.rule !== null && pull.base === model.defaultBranch) throw new Refusal(405, model.rule);
  const tip = tipOf(model, pull.base);
  const tree = tip === undefined ? null : model.git.merge(tip, pull.headSha);
  if (tip === undefined || tree === null) throw new Refusal(405, 'Pull Request is not mergeable');
  const commit = model.git.writeCommit({ tree, parents: [tip], message }, timestamp(model));
  changePull(model, actor, number, { state: 'merged', mergeCommit: commit });
  setBranch(model, actor, pull.base, commit, number);
  return commit;
}
