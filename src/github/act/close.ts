/** Closes an experiment with its verdict, and cancels trials that are not needed any more. Every step may be repeated. */

import type { ActionOf } from '../../campaign/action.ts';
import type { Attempt, Campaign, Snapshot } from '../../campaign/model.ts';
import { attemptsOf } from '../../campaign/queries.ts';
import { contractSchema } from '../../protocol/contract.ts';
import { abandonedCheck } from '../../render/check.ts';
import type { Context } from '../context.ts';
import { isAsObserved } from './as-observed.ts';
import { commentVerdict, withVerdict } from './verdict.ts';

/** Comments the verdict, closes the pull request with its final title and marker, and deletes the branch. */
export async function close(context: Context, snapshot: Snapshot, action: ActionOf<'close'>): Promise<void> {
  const { port } = context;
  const { experiment, unfinished } = action;
  if (!(await isAsObserved(port, experiment))) return;
  for (const attempt of unfinished) await cancel(context, attempt);
  await commentVerdict(context, snapshot, contractOrDefault(snapshot), action);
  const { change } = withVerdict(action);
  await port.updatePull(
    experiment.pull,
    experiment.state === 'open' ? { ...change, state: 'closed' } : change,
  );
  await port.deleteBranch(experiment.branch);
}

/** Cancels the trials in flight that are no experiment's, when their campaign ends. */
export async function cancelOwnTrials(
  context: Context,
  snapshot: Snapshot,
  campaign: Campaign,
): Promise<void> {
  const numbers = [0, ...(campaign.state?.finals ?? []).map(({ number }) => number)];
  for (const attempt of numbers.flatMap(number => attemptsOf(snapshot, campaign.issue, number)))
    if (!attempt.check?.measurement && attempt.run?.status !== 'completed') await cancel(context, attempt);
}

async function cancel({ port }: Context, { trial, run, check }: Attempt): Promise<void> {
  if (run && run.status !== 'completed') await port.cancelRun(run.id);
  if (check) await port.completeCheck(check.id, 'neutral', run?.url ?? null, abandonedCheck(trial));
}

/** Experiments of a stopped campaign are closed even if the contract is unreadable by then. */
function contractOrDefault(snapshot: Snapshot) {
  return snapshot.contract.kind === 'contract' ? snapshot.contract.contract : contractSchema.parse({});
}
