/** Closes an experiment with its verdict, and cancels trials whose result nobody waits for. Every step may be repeated. */

import type { ActionOf } from '../../campaign/action.ts';
import type { Attempt, Campaign, Snapshot } from '../../campaign/model.ts';
import { attemptsOf } from '../../campaign/queries.ts';
import { contractSchema } from '../../protocol/contract.ts';
import { abandonedCheck } from '../../render/check.ts';
import type { Context } from '../context.ts';
import { isAsObserved } from './as-observed.ts';
import { sayVerdict, withVerdict } from './verdict.ts';

/** Marker and title, comment, pull request closed, branch deleted. */
export async function close(context: Context, snapshot: Snapshot, action: ActionOf<'close'>): Promise<void> {
  const { port } = context;
  const { experiment, unfinished } = action;
  if (!(await isAsObserved(port, experiment))) return;
  for (const attempt of unfinished) await giveUp(context, attempt);
  await sayVerdict(context, contractOrDefault(snapshot), action);
  const { change } = withVerdict(action);
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
