/** Merges an experiment: the only irreversible action. */
import type { ActionOf } from '../../campaign/action.ts';
import type { Experiment, Snapshot } from '../../campaign/model.ts';
import { paused } from '../../campaign/phase.ts';
import { squashMessage } from '../../render/commit.ts';
import { openTitle } from '../../render/title.ts';
import { quote } from '../../text/markdown.ts';
import type { Context } from '../context.ts';
import type { GitHubPort, MergeResult } from '../port.ts';
import { commentOnce } from '../replies.ts';
import { saveState } from '../state.ts';
import { isAsObserved } from './as-observed.ts';
import { commentVerdict, withVerdict } from './verdict.ts';

/**
 * Reads everything that the merge depends on again right before it, and its result right after it: the base may only move from the
 * champion to exactly the tree that was measured.
 */
export async function merge(context: Context, snapshot: Snapshot, action: ActionOf<'merge'>): Promise<void> {
  const { port } = context;
  const { contract, experiment, verdict } = action;
  const { pull } = experiment;
  if (!(await isAsObserved(port, experiment))) return;
  const { marker, change } = withVerdict(action);
  await port.updatePull(pull, change);
  await commentVerdict(context, snapshot, contract, action);
  const { branch } = snapshot.base;
  // Something moved since it was observed: the next step decides what to do.
  if (!(await isSound(port, branch, experiment))) return;
  const result = await port.merge(pull, {
    sha: marker.commit,
    title: `${change.title} (#${pull})`,
    message: squashMessage(contract, pull, marker, verdict),
  });
  if (result.kind !== 'merged') return mergeRefused(context, snapshot, action, result);
  const merged = await port.commit(result.sha);
  if (merged?.tree !== marker.tree || merged.parents[0] !== marker.champion.sha)
    await commentOnce(
      port,
      marker.campaign,
      `unmeasured ${pull}`,
      `\`${branch}\` moved while #${pull} (${openTitle(marker)}) was being merged, so its tip is a tree that was never measured. It is measured first, before any further verdict.`,
    );
  await port.deleteBranch(experiment.branch);
}

/** Whether the base is still the champion, and the pull request still the candidate that was measured on it. */
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

/** If the base moved, the next step handles it. If a rule of the repository forbids the merge, the campaign pauses. */
async function mergeRefused(
  context: Context,
  snapshot: Snapshot,
  { campaign, experiment }: ActionOf<'merge'>,
  result: Exclude<MergeResult, { kind: 'merged' }>,
): Promise<void> {
  if (result.kind === 'moved') return;
  // If the base moved meanwhile, the refusal may be a conflict and not a rule.
  const tip = await context.port.commit(snapshot.base.branch);
  if (tip?.sha !== experiment.marker.champion.sha) return;
  context.log.warn({ pull: experiment.pull, message: result.message }, 'merge refused');
  const reason = `GitHub refused to merge #${experiment.pull}: ${quote(result.message, 300)}. Allow the App to merge into \`${snapshot.base.branch}\`, then comment \`/research resume\`.`;
  await saveState(context.port, snapshot, campaign, { ...campaign.state, ...paused(reason) });
}
