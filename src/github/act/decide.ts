/** Carries out a verdict: marker and title, comment, merge or close, branch deleted. Every step may be repeated. */

import type { ExperimentMarker, RecordedTrial, Verdict } from '../../campaign/marker.ts';
import type { Attempt, Campaign, Experiment, Snapshot } from '../../campaign/model.ts';
import { attemptsOf } from '../../campaign/queries.ts';
import { contractSchema } from '../../protocol/contract.ts';
import { abandonedCheck } from '../../render/check.ts';
import { squashMessage, verdictComment } from '../../render/pull.ts';
import { openTitle, settledTitle } from '../../render/title.ts';
import { quote } from '../../text/markdown.ts';
import { pullBody } from '../body.ts';
import { type Context, contractOf } from '../context.ts';
import type { MergeResult } from '../port.ts';
import { sayOnce } from '../replies.ts';
import { saveState } from '../state.ts';

/** Key of the comment that tells an experiment's verdict. */
const VERDICT = 'verdict';

export async function decide(
  context: Context,
  snapshot: Snapshot,
  experiment: Experiment,
  verdict: Verdict,
  trials: RecordedTrial[],
  unfinished: readonly Attempt[] = [],
): Promise<void> {
  const { port } = context;
  const now = await port.pull(experiment.pull);
  // The list that the verdict rests on lagged behind: the next look sees what happened.
  if (now.state !== experiment.state || now.headSha !== experiment.headSha) return;
  const marker: ExperimentMarker = { ...experiment.marker, trials, verdict };
  const comment = verdictComment(contractOrDefault(snapshot), marker, verdict, trials);
  const change = { title: settledTitle(marker, verdict), body: pullBody(marker) };
  context.log.info({ pull: experiment.pull, verdict: verdict.kind, value: verdict.value }, 'verdict');
  if (verdict.kind === 'merge') {
    await port.updatePull(experiment.pull, change);
    await sayOnce(port, experiment.pull, VERDICT, comment);
    return merge(context, snapshot, { ...experiment, marker }, verdict);
  }
  for (const attempt of unfinished) await giveUp(context, attempt);
  await sayOnce(port, experiment.pull, VERDICT, comment);
  await port.updatePull(
    experiment.pull,
    experiment.state === 'open' ? { ...change, state: 'closed' } : change,
  );
  await port.deleteBranch(experiment.branch);
}

/** Ends the champion's trials in flight of a campaign that ends. */
export async function giveUpChampion(
  context: Context,
  snapshot: Snapshot,
  campaign: Campaign,
): Promise<void> {
  for (const attempt of attemptsOf(snapshot, campaign.issue, 0))
    if (!attempt.check?.measurement && attempt.run?.status !== 'completed') await giveUp(context, attempt);
}

/** Ends a trial whose result nobody waits for. */
async function giveUp({ port }: Context, { trial, run, check }: Attempt): Promise<void> {
  if (run && run.status !== 'completed') await port.cancelRun(run.id);
  if (check) await port.completeCheck(check.id, 'neutral', run?.url ?? null, abandonedCheck(trial));
}

/** Experiments of a stopped campaign are closed even where the contract cannot be read any more. */
function contractOrDefault(snapshot: Snapshot) {
  return snapshot.contract.kind === 'contract' ? snapshot.contract.contract : contractSchema.parse({});
}

/**
 * The irreversible act. Everything it rests on is read again right before it, and its result right after it: the base
 * may only move from the champion to exactly the tree that was measured.
 */
async function merge(
  context: Context,
  snapshot: Snapshot,
  experiment: Experiment,
  verdict: Verdict,
): Promise<void> {
  const { port } = context;
  const { marker } = experiment;
  const { branch } = snapshot.base;
  const [tip, head, pull] = await Promise.all([
    port.commit(branch),
    port.commit(marker.commit),
    port.pull(experiment.pull),
  ]);
  const sound =
    tip?.sha === marker.champion.sha &&
    pull.state === 'open' &&
    pull.base === branch &&
    pull.headSha === marker.commit &&
    head?.tree === marker.tree;
  // Something moved since it was observed: the next look decides what that means.
  if (!sound) return;
  const result = await port.merge(experiment.pull, {
    sha: marker.commit,
    title: `${settledTitle(marker, verdict)} (#${experiment.pull})`,
    message: squashMessage(contractOf(snapshot), experiment.pull, marker, verdict),
  });
  if (result.kind !== 'merged') return mergeRefused(context, snapshot, experiment, result);
  const merged = await port.commit(result.sha);
  if (merged?.tree !== marker.tree || merged.parents[0] !== marker.champion.sha)
    await sayOnce(
      port,
      marker.campaign,
      `unmeasured ${experiment.pull}`,
      `\`${branch}\` moved at the very moment #${experiment.pull} (${openTitle(marker)}) was merged, so its tip is now a tree that nobody measured. I measure it before I judge anything else.`,
    );
  await port.deleteBranch(experiment.branch);
}

/** A moved base is looked at again; a rule of the repository needs a person. */
async function mergeRefused(
  context: Context,
  snapshot: Snapshot,
  experiment: Experiment,
  result: Exclude<MergeResult, { kind: 'merged' }>,
): Promise<void> {
  if (result.kind === 'moved') return;
  // Where the base moved at the very moment, the two may be in conflict, which is no rule of the repository's.
  const tip = await context.port.commit(snapshot.base.branch);
  if (tip?.sha !== experiment.marker.champion.sha) return;
  const campaign = snapshot.campaigns.find(({ issue }) => issue === experiment.marker.campaign);
  if (!campaign?.state) return;
  context.log.warn({ pull: experiment.pull, message: result.message }, 'merge refused');
  const reason = `GitHub refused to merge #${experiment.pull}: ${quote(result.message, 300)}. Let the App merge into \`${snapshot.base.branch}\`, then comment \`/research resume\`.`;
  await saveState(context.port, snapshot, campaign, { ...campaign.state, phase: 'paused', reason });
}
