/** Merges an experiment: the one irreversible step. */
import type { ActionOf } from '../../campaign/action.ts';
import type { Experiment, Snapshot } from '../../campaign/model.ts';
import { paused } from '../../campaign/phase.ts';
import { quote } from '../../campaign/quote.ts';
import { squashMessage } from '../../render/pull.ts';
import { openTitle } from '../../render/title.ts';
import type { Context } from '../context.ts';
import type { GitHubPort, MergeResult } from '../port.ts';
import { sayOnce } from '../replies.ts';
import { saveState } from '../state.ts';
import { isAsObserved } from './as-observed.ts';
import { sayVerdict, withVerdict } from './verdict.ts';

/**
 * Everything that a merge rests on is read again right before it, and its result right after it: the base may only move from the
 * champion to exactly the tree that was measured.
 */
export async function merge(context: Context, snapshot: Snapshot, action: ActionOf<'merge'>): Promise<void> {
  const { port } = context;
  const { contract, experiment, verdict } = action;
  const { pull } = experiment;
  if (!(await isAsObserved(port, experiment))) return;
  const { marker, change } = withVerdict(action);
  await port.updatePull(pull, change);
  await sayVerdict(context, contract, action);
  const { branch } = snapshot.base;
  // Something moved since it was observed: the next look decides what that means.
  if (!(await isSound(port, branch, experiment))) return;
  const result = await port.merge(pull, {
    sha: marker.commit,
    title: `${change.title} (#${pull})`,
    message: squashMessage(contract, pull, marker, verdict),
  });
  if (result.kind !== 'merged') return mergeRefused(context, snapshot, action, result);
  const merged = await port.commit(result.sha);
  if (merged?.tree !== marker.tree || merged.parents[0] !== marker.champion.sha)
    await sayOnce(
      port,
      marker.campaign,
      `unmeasured ${pull}`,
      `\`${branch}\` moved at the very moment #${pull} (${openTitle(marker)}) was merged, so its tip is now a tree that nobody measured. I measure it before I judge anything else.`,
    );
  await port.deleteBranch(experiment.branch);
}

/** Whether the base is the champion, and the pull request the candidate that was measured on it. */
async function isSound(
  port: GitHubPort,
  branch: string,
  { pull: number, marker }: Experiment,
): Promise<boolean> {
  const [tip, head, pull] = await Promise.all([
    port.commit(branch),
    port.commit(marker.commit),
    port.pull(number),
  ]);
  return (
    tip?.sha === marker.champion.sha &&
    pull.state === 'open' &&
    pull.base === branch &&
    pull.headSha === marker.commit &&
    head?.tree === marker.tree
  );
}

/** A moved base is looked at again; a rule of the repository needs a person. */
async function mergeRefused(
  context: Context,
  snapshot: Snapshot,
  { campaign, experiment }: ActionOf<'merge'>,
  result: Exclude<MergeResult, { kind: 'merged' }>,
): Promise<void> {
  if (result.kind === 'moved') return;
  // Where the base moved at the very moment, the two may be in conflict, which is no rule of the repository's.
  const tip = await context.port.commit(snapshot.base.branch);
  if (tip?.sha !== experiment.marker.champion.sha) return;
  context.log.warn({ pull: experiment.pull, message: result.message }, 'merge refused');
  const reason = `GitHub refused to merge #${experiment.pull}: ${quote(result.message, 300)}. Let the App merge into \`${snapshot.base.branch}\`, then comment \`/research resume\`.`;
  await saveState(context.port, snapshot, campaign, { ...campaign.state, ...paused(reason) });
}
